"""Stand-ins for services of others, each a process of its own. They are never part of the wheel."""
