"""A visit: the session behind an address, who may post to it and how often, and where it leads the buyer in the end."""
