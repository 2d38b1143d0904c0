"""Chapter 11: rhythm."""
