"""Text in, masked text out: rules, matching, placeholders. Pure; the only room that knows Hyperscan."""
