"""Endpoints and the events they are sent."""
