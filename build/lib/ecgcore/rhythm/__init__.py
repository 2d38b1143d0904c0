"""Each beat among the others of its record: sequence, features, model, thresholds."""
