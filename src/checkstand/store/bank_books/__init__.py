"""The test bank's own books. Only `gateways/testbank` writes here."""
