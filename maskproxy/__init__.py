"""maskproxy: a gateway that masks secrets in traffic to Claude, both ways, while it streams.

The rooms and what each may import are told in README's "The house".
"""

__version__ = "0.1.0"
