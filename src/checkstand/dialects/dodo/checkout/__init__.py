"""Sessions, and addresses that make them."""
