"""The configuration file: a model without behaviour, and a loader that reports every fault."""
