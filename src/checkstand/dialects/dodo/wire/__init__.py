"""What every route of this API stands on: calls, errors, lists, and how ids, moments and amounts are written."""
