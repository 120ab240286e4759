"""Gateways take payments. Every gateway has the same shape (`base.py`) and passes the same contract tests."""
