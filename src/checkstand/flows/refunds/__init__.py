"""Money back."""
