"""What becomes of a payment: settled, called off, disputed; the method kept or removed."""
