"""Certificates for intercepted hosts, under the company's own CA."""
