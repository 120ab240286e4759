"""What only test organizations have: a clock of their own, the demo shop, the buyer without a browser."""
