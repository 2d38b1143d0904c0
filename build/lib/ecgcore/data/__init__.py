"""Reading: records, signals of any file, R peaks, noise, downloads."""
