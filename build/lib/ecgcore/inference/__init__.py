"""What a user calls: a file in, classified beats out."""
