"""Refunds: sent, and settled once the gateway has said how they ended."""
