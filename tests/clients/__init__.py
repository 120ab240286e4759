"""The vendors' own clients, unmodified, against the whole server."""
