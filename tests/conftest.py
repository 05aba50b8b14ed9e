"""One manner for every property: no deadline for an example, since machines are noisy and nothing tests timing."""

from hypothesis import settings

settings.register_profile("maskproxy", deadline=None, print_blob=True)
settings.load_profile("maskproxy")
