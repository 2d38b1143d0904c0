"""Chapter 10: cost."""
