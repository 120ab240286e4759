"""PostgreSQL of our own: its binaries, its user, its server, started and ended with the process that needs it."""
