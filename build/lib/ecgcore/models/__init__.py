"""Networks and baselines, their configuration, their files."""
