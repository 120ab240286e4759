"""What a buyer posts: read field by field, judged, and stored as far as it is right."""
