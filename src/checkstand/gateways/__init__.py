"""Who takes the money. Every gateway has the same shape (`base.py`) and passes the same contract tests."""
