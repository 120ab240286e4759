"""The OpenAPI documents are valid, whole and true: every route is in them, and every query parameter they name is really read."""

from __future__ import annotations
