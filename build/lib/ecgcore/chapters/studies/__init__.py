"""Chapter 9: seeds, baselines, ablations."""
