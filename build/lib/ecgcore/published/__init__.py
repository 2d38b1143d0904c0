"""Trained weights that come with the package, each with its origin inside; no code."""
