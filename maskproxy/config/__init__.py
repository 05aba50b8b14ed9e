"""The configuration file: a model without behaviour, and a loader that reports every fault."""

from maskproxy.config.load import load
from maskproxy.config.model import Config
from maskproxy.origins import Address, Url

__all__ = ["Address", "Config", "Url", "load"]
