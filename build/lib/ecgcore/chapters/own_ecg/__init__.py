"""Chapter 7: your own ECG."""
