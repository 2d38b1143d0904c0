"""One style for all figures, and what they share."""
