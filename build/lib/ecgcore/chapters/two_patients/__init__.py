"""Chapter 13: two patients."""
