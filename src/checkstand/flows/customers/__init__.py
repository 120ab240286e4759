"""Customers, their members, sessions and wallets."""
