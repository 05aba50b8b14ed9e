"""The audit trail in a running process: where events go, and what becomes of them when a sink is slow or down."""
