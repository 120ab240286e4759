"""Webhook endpoints, the queue of deliveries and their log."""
