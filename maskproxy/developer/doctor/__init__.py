"""What keeps a developer's machine from the gateway, fault by fault, each with what to do."""
