"""The daemon around the gateway: building, draining, systemd, the admin endpoint, metrics, logs."""
