"""What readers take away: the book as a PDF, cards of models and data, one archive of it all."""
