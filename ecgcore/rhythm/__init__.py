"""Beats in their context: neighbours, RR intervals over seconds and minutes, P wave, the
patient's own template. Nothing here reads an annotation but to learn from it."""
