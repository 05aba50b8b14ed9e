"""gitleaks' TOML files, read as they are: their rules in our own form, and in words what a stream cannot honour.

Written from the format's public description. Nothing of any rule pack is in here.
"""
