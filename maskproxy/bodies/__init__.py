"""What in a body may be read and edited: codings, JSON, SSE, Claude's schema, forms. Pure."""
