"""Chapter 12: another database."""
