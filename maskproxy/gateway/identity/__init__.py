"""Whose token is this: issuers' keys, fetched and kept, and tokens verified once."""
