"""The built-in bank for tests: a gateway that keeps its own books."""
