"""What was paid, given back and written down."""
