"""Beats: cut out of records, with their context, and dealt into splits."""
