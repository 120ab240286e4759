"""How the domain's things look on this wire."""
