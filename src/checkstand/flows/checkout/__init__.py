"""A session from its request to the moment it is charged: price it, change it, confirm it."""
