"""Addresses that make sessions, and short ones."""
