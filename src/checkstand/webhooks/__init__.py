"""Outgoing webhooks: render, sign, schedule, deliver."""
