"""What becomes of a payment: settled, cancelled, disputed; its fee recorded, its method saved or removed."""
