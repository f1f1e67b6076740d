"""Data sets: what is in them, and a person's own."""
