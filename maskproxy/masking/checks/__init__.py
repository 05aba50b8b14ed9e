"""Is this candidate a secret? Entropy, documented examples, stand-ins such as `your-api-key-here`, the name beside it.

Checks look at the candidate's text and at the `CONTEXT_BYTES` that stand before it, as they came, so that the answer
never depends on how the text was cut. A check can only clear text that is plainly no secret; a checksum that fails
clears nothing, because newer tokens fail it.
"""

from maskproxy.masking.checks.places import CONTEXT_BYTES
from maskproxy.masking.checks.reading import Checks, read

__all__ = ["CONTEXT_BYTES", "Checks", "read"]
