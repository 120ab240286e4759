"""Checkstand: an open checkout server that speaks the Polar and the Dodo Payments checkout APIs over one domain."""

__version__ = "0.1.0"
