"""What was paid and given back, and its documents."""
