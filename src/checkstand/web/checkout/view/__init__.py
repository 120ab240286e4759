"""What the page shows, worked out from a session and from what was typed. Nothing is stored here."""
