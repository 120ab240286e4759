"""Rules only: no input or output, no clock, no randomness, the standard library alone."""
