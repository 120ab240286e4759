"""Customers and what is theirs."""
