"""What only this book computes: a module or folder a notebook, of the same name."""
