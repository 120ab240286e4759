"""`make operations`: every operation of both vendors' contracts: served and reached by a test, served and reached by none, not served.

    python -m tests.operations [--all]

What tests reached is remembered by the last whole run of `make test`: an operation is reached when a test's server answered it with a
success. What is not served is named with the feature that will bring it. The exit code is 1 when something served was not reached.
"""

from __future__ import annotations

import argparse
import json
import re
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from checkstand.openapi import PATH_PARAMETER
from tests.answers import contracts, documents

State = Literal["reached", "not reached", "not served"]
REMEMBERED = "checkstand/reached"
CACHE = Path(__file__).parents[1] / ".pytest_cache" / "v" / REMEMBERED
# The first that fits, by API: a regular expression of method and path, and the feature that will bring the operation.
FEATURES = {
    "polar": (
        (r"/customer-portal/|/customer-sessions", "customer sessions and portal"),
        (r"/subscriptions", "subscriptions"),
        (r"/benefits|/benefit-grants|/license-keys|/files", "benefits, license keys and files"),
        (r"/meters|/customer-meters|/events|/event-types", "meters and events"),
        (r"/customer-seats", "seats"),
        (r"/metrics", "metrics"),
        (r"/disputes", "disputes"),
        (r"/members", "members across customers"),
        (r"/webhooks/", "deliveries of webhooks"),
        (r"/orders", "orders without a checkout"),
        (r"/organizations", "organizations made and changed by API"),
    ),
    "dodo": (
        (r"/credit-entitlements", "credit entitlements"),
        (r"/entitlement|/grants/", "entitlements"),
        (r"/licenses|/license_key", "license keys"),
        (r"/subscriptions", "subscriptions"),
        (r"/translations|/locales", "translations"),
        (r"/product-collections", "product collections"),
        (r"/localized-prices", "localized prices"),
        (r"/customer-portal", "customer portal"),
        (r"/payouts|/balances", "payouts and balances"),
        (r"/blocklist|/moderation", "blocklist and moderation"),
        (r"/events", "meters and events"),
        (r"/emails", "e-mails"),
        (r"payments", "payments without a session, and their retries"),
        (r"/discounts|/addons|/brands", "the rest of the catalogue"),
    ),
}


@dataclass(frozen=True, slots=True)
class ContractOperation:
    """An operation of a vendor's contract; `feature`: what will bring it, empty where it is served."""

    api: str
    method: str
    path: str
    state: State
    feature: str = ""


def operations(reached: set[tuple[str, str, str]]) -> Iterator[ContractOperation]:
    """Each operation of both contracts. `reached`: API, method and path of those that a test reached."""
    for api, contract in contracts().items():
        served = {(method, _shape(path)) for method, path in documents()[api].operations()}
        for method, path in contract.operations():
            if (method, _shape(path)) not in served:
                yield ContractOperation(api, method.upper(), path, "not served", _feature(api, f"{method} {path}"))
            else:
                found: State = "reached" if (api, method, path) in reached else "not reached"
                yield ContractOperation(api, method.upper(), path, found)


def unreached(reached: set[tuple[str, str, str]]) -> list[str]:
    """What is served and was reached by no test."""
    return [f"{one.method} {one.path}" for one in operations(reached) if one.state == "not reached"]


def _shape(path: str) -> str:
    """A path without the names of its parameters, which two documents choose each for themselves."""
    return PATH_PARAMETER.sub("{}", path).rstrip("/")


def _feature(api: str, request: str) -> str:
    return next((feature for pattern, feature in FEATURES[api] if re.search(pattern, request)), "")


def main() -> int:
    """Print the table; the exit code."""
    parser = argparse.ArgumentParser(prog="make operations ARGS=...", description=__doc__)
    parser.add_argument("--all", action="store_true", help="each operation, not only those that no test reached")
    asked = parser.parse_args()
    if not contracts():
        print("The contracts are expected in the folder `shared` beside this one; it is missing.", file=sys.stderr)
        return 2
    if not CACHE.exists():
        print("No whole run of the tests is remembered. Run `make test` first.", file=sys.stderr)
        return 2
    found = list(operations({(api, method, path) for api, method, path in json.loads(CACHE.read_text())}))
    for api in contracts():
        of_api = [one for one in found if one.api == api]
        print(f"\n{api}: {len(of_api)} operations")
        for state in ("reached", "not reached"):
            mine = [one for one in of_api if one.state == state]
            print(f"  {len(mine):4} served and {state} by a test")
            for one in mine if asked.all or state == "not reached" else []:
                print(f"         {one.method:6} {one.path}")
        _print_not_served([one for one in of_api if one.state == "not served"], each=asked.all)
    return 1 if any(one.state == "not reached" for one in found) else 0


def _print_not_served(found: list[ContractOperation], *, each: bool) -> None:
    print(f"  {len(found):4} not served:")
    for feature in dict.fromkeys(one.feature for one in found):
        mine = [one for one in found if one.feature == feature]
        print(f"       {len(mine):3} {feature}")
        for one in mine if each else []:
            print(f"             {one.method:6} {one.path}")


if __name__ == "__main__":
    sys.exit(main())
