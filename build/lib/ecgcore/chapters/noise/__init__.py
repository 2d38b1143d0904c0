"""Chapter 14: noise."""
