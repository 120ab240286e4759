"""What is found out later: from the gateway's own words, by asking it again, by comparing the books."""
