"""What is sold and what is taken off."""
