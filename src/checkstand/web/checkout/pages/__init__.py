"""The addresses of the page, and its answers."""
