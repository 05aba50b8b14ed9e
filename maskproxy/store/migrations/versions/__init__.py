"""One module for each migration, by number."""
