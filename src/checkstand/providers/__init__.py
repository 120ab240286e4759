"""What the server asks of the world outside the payment: exchange rates, the place of an address, pictures, and so on."""
