"""The service's own credential: where it is read from, and for how long it counts."""
