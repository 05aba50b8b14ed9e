"""Masked frames, appended to rotating files and told again as a session."""
