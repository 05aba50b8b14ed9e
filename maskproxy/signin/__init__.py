"""How somebody becomes known here: through the company's identity provider, by OIDC or SAML."""
