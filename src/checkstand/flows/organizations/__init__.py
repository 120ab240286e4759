"""Organizations, their settings, keys and taxes."""
