"""A module a file format; each gives a `Signal` or rows of beats."""
