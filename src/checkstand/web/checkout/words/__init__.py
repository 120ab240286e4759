"""Every word of the page, by key and language."""
