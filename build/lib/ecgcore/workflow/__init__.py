"""Profiles, notebooks, the book: what runs when, and what comes of it."""
