"""Commands beside a development server: tokens, the clock, migrations, the doctor."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx2
import pytest

from tests.cli.running import Dev, Place

pytestmark = pytest.mark.xdist_group("cli-shop")


def status_with(dev: Dev, token: str, path: str) -> int:
    return httpx2.get(f"{dev.url}{path}", headers={"Authorization": f"Bearer {token}"}, timeout=30).status_code


def test_a_token_is_printed_alone_and_opens_what_its_scopes_name(shop: Dev, shop_place: Place) -> None:
    done = shop_place.run("token", "create", "--name", "A script", "--scopes", "products:read", "--expires", "90d")
    assert done.code == 0
    token = done.out.removesuffix("\n")
    assert token.startswith("polar_oat_")
    assert "\n" not in token
    assert "shown only now" in done.err
    assert "A script" in done.err
    assert status_with(shop, token, "/v1/products/") == 200
    assert status_with(shop, token, "/v1/orders/") == 403


def test_a_token_for_the_other_sdk(shop: Dev, shop_place: Place) -> None:
    done = shop_place.run("token", "create", "--name", "Dodo", "--dialect", "dodo")
    assert done.out.startswith("dodo_key_")
    assert status_with(shop, done.out.strip(), "/products") == 200


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        (("--scopes", "product:read"), 2, "Did you mean products:read?"),
        (("--scopes", ","), 2, "at least one scope"),
        (("--expires", "soon"), 2, "Write it like 90d"),
        (("--expires", "0d"), 2, "Write it like 90d"),
        (("--org", "acme"), 1, "--org: demo"),
    ],
)
def test_a_token_that_cannot_be_made_says_why(
    shop: Dev, shop_place: Place, arguments: tuple[str, ...], code: int, said: str
) -> None:
    done = shop_place.run("token", "create", "--name", "x", *arguments)
    assert (done.code, done.out) == (code, "")
    assert said in done.err


def test_a_token_can_be_made_while_the_server_is_stopped(at: Place) -> None:
    missing = at.run("token", "create", "--name", "x")
    assert missing.code == 1
    assert "Start `checkstand dev` once" in missing.err
    at.dev().stop()
    done = at.run("token", "create", "--name", "x")
    assert status_with(at.dev(), done.out.strip(), "/v1/products/") == 200


def test_the_clock_is_shown_and_moved(at: Place) -> None:
    at.dev()

    def now(*arguments: str) -> datetime:
        done = at.run("clock", *arguments)
        assert done.code == 0, done
        return datetime.fromisoformat(done.out.strip())

    assert abs(now("show") - datetime.now(UTC)) < timedelta(minutes=1)
    assert abs(now("advance", "30d") - datetime.now(UTC) - timedelta(days=30)) < timedelta(minutes=1)
    assert now("set", "2040-01-01").year == 2040
    found = json.loads(at.run("clock", "show", "--json").out)
    assert found["now"].startswith("2040-01-01")


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        (("advance", "3x"), 2, "Write it like 30d"),
        (("set", "tomorrow"), 2, "Write it like 2027-01-01T12:00:00Z"),
        (("show", "--key", "wrong"), 1, "refuses the key"),
        (("show", "--url", "http://127.0.0.1:1", "--key", "x"), 1, "does not answer"),
        (("show", "--data", "/nonexistent"), 1, "No development server runs"),
    ],
)
def test_a_clock_that_cannot_be_read_says_why(
    shop: Dev, shop_place: Place, arguments: tuple[str, ...], code: int, said: str
) -> None:
    done = shop_place.run("clock", *arguments)
    assert (done.code, done.out) == (code, "")
    assert said in done.err


def test_migrating_twice_does_nothing_the_second_time(at: Place) -> None:
    first, second = at.run("migrate"), at.run("migrate")
    assert first.code == second.code == 0
    assert first.out.startswith("Applied 0001_foundation\n")
    assert first.out.endswith("The schema is up to date.\n")
    assert second.out == "The schema was up to date already.\n"


def checks(at: Place, *arguments: str, **settings: str) -> dict[str, Any]:
    done = at.run("doctor", "--json", *arguments, **settings)
    found: dict[str, Any] = json.loads(done.out)
    assert found["ok"] == (done.code == 0)
    return {check["name"]: check for check in found["checks"]}


def test_the_doctor_finds_a_development_server_well(shop: Dev, shop_place: Place) -> None:
    found = checks(shop_place)
    assert list(found) == ["settings", "database", "schema", "clock", "gateway", "public URL", "disk"]
    assert all(check["ok"] for check in found.values()), found
    assert found["public URL"]["detail"] == f"{shop.url} answers."


def test_the_doctor_writes_a_line_a_check(at: Place) -> None:
    done = at.run("doctor")
    assert done.code == 0
    assert all(line.startswith("✓ ") for line in done.out.splitlines())
    assert not (at.folder / "share").exists(), "looking changes nothing"


def test_the_doctor_says_what_to_do(at: Place) -> None:
    found = checks(
        at,
        CHECKSTAND_DATABASE_URL="postgresql://user:secret@127.0.0.1:1/shop",
        CHECKSTAND_PUBLIC_URL="http://pay.example.com",
        CHECKSTAND_GATEWAY="stripe",
        CHECKSTAND_STRIPE_SECRET_KEY="sk_live_0123456789abcdef",
        CHECKSTAND_STRIPE_PUBLISHABLE_KEY="pk_test_0123456789abcdef",
        CHECKSTAND_STRIPE_WEBHOOK_SECRET="whsec_0123456789abcdef",
    )
    assert [name for name, check in found.items() if check["ok"]] == ["disk"]
    assert "CHECKSTAND_SECRET_KEY is not set" in found["settings"]["detail"]
    assert "nothing accepts connections at 127.0.0.1:1" in found["database"]["detail"]
    assert "CHECKSTAND_DATABASE_URL" in found["database"]["advice"]
    assert "different modes" in found["gateway"]["detail"]
    assert "not https" in found["public URL"]["detail"]
    assert "secret@" not in json.dumps(found)


def test_the_doctor_sees_a_schema_that_is_not_current(at: Place, database_url: str) -> None:
    empty = database_url.rpartition("@/")[0] + "@/postgres?" + database_url.partition("?")[2]
    done = at.run("doctor", CHECKSTAND_DATABASE_URL=empty)
    assert done.code == 1
    assert "✗ schema" in done.out
    assert "Run `checkstand migrate`." in done.out


def test_a_bad_setting_is_the_doctors_first_finding(at: Place) -> None:
    found = checks(at, CHECKSTAND_GATEWAY="paypal")
    assert list(found) == ["settings"]
    assert "CHECKSTAND_GATEWAY must be 'test' or 'stripe'" in found["settings"]["detail"]


def test_the_doctor_says_once_where_all_settings_are(at: Place) -> None:
    file = at.folder / "settings.env"
    file.write_text("CHECKSTAND_COLOUR=red\n")
    for settings in ({"CHECKSTAND_ENV_FILE": str(file)}, {"CHECKSTAND_DATABASE_URL": "postgresql://[::1/x"}):
        done = at.run("doctor", **settings)
        assert (done.code, done.out.count("docs/settings.md")) == (1, 1), done
        assert "made a mistake" not in done.err
