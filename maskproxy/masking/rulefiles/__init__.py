"""Rule files: bounded reading of YAML and TOML, what an entry of ours may hold, and its JSON Schema."""
