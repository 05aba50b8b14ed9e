"""The network: listeners, tunnels, the exchange, the upstream client, keys and credentials."""
