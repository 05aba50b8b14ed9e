"""The embedded setting of `maskproxy dev`: an issuer, a stand-in for Claude, a throw-away CA, and the demo."""
