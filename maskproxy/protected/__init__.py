"""Source that must not leave: keyed fingerprints of a tree, and how much of that tree a request holds.

Pure but for reading a tree. What is looked for are runs of tokens, so that layout, comments, line numbers, quotes and
the order of functions do not matter; names do: source whose names were all changed is other source here.
"""

from maskproxy.protected.body import Body
from maskproxy.protected.prints import Printer, Prints
from maskproxy.protected.protection import Holding, Protected, Protection

__all__ = ["Body", "Holding", "Printer", "Prints", "Protected", "Protection"]
