"""Sales as they are shown, and their documents."""
