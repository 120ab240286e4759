"""Refusals in Stripe's shape: `{"error": {"type", "code", "message", "param"}}`."""

from __future__ import annotations

from typing import Any


class Refused(Exception):
    """An answer that is no success. `is_result`: it came of executing, so an idempotency key remembers it."""

    def __init__(
        self,
        status: int,
        kind: str,
        message: str,
        *,
        code: str = "",
        param: str = "",
        is_result: bool = False,
        **more: Any,
    ) -> None:
        super().__init__(message)
        self.status = status
        self.is_result = is_result
        self.error = {"type": kind, "message": message, "code": code or None, "param": param or None, **more}

    @property
    def body(self) -> dict[str, Any]:
        """The JSON body."""
        return {"error": {name: value for name, value in self.error.items() if value is not None}}


def invalid(message: str, *, param: str = "", code: str = "", status: int = 400) -> Refused:
    """A request that cannot be executed."""
    return Refused(status, "invalid_request_error", message, code=code, param=param)


def missing(kind: str, name: str, param: str) -> Refused:
    """Something named that is not there."""
    return invalid(
        f"No such {kind}: '{name}'", param=param, code="resource_missing", status=404 if param == "id" else 400
    )
