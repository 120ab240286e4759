"""Stripe behind the gateway's port."""
