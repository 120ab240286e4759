"""Access tokens at the dashboard: shown once, kept as a hash, refused from the moment they are revoked."""

from __future__ import annotations

import re
import subprocess
from datetime import UTC, datetime, timedelta

import httpx2
import pytest
from playwright.sync_api import Browser, expect

from checkstand.domain.organization import ALL_SCOPES, AccessToken
from checkstand.store import organizations
from tests.pages.visitor import Visitor, screen, visitor
from tests.server import RunningServer

TOKEN = re.compile(r"(?:polar_oat_|dodo_key_)[0-9A-Za-z]{43}")
FIELDS = {"name": "app", "kind": "polar", "preset": "all", "access": "write", "lifetime": "90"}


def make_token(person: Visitor, **fields: str | list[str]) -> tuple[str, httpx2.Response]:
    person.get("/settings/tokens/new")
    answer = person.post("/settings/tokens/new", {**FIELDS, **fields})
    found = TOKEN.search(answer.text)
    assert found is not None, answer.text
    return found[0], answer


def stored(server: RunningServer, person: Visitor, name: str) -> list[AccessToken]:
    tokens = server.run(organizations.tokens(server.services.ports.db, person.shop.organization.id))
    return [token for token in tokens if token.name == name]


def read_products(server: RunningServer, token: str) -> int:
    return httpx2.get(f"{server.url}/v1/products/", headers={"Authorization": f"Bearer {token}"}).status_code


def test_the_page_that_shows_a_token_is_never_stored_and_shows_it_once(server: RunningServer) -> None:
    person = visitor(server, server.new_shop())
    token, answer = make_token(person)
    assert answer.headers["cache-control"] == "no-store"
    assert f"POLAR_ACCESS_TOKEN={token}" in answer.text
    assert token not in person.get("/settings/tokens").text
    assert token not in person.get("/settings").text


def test_the_database_knows_a_token_only_as_a_keyed_hash(server: RunningServer) -> None:
    person = visitor(server, server.new_shop())
    token, _ = make_token(person)
    row = server.value(
        "SELECT row_to_json(t)::text FROM access_tokens AS t WHERE organization_id = $1 AND name = 'app'",
        person.shop.organization.id,
    )
    assert token not in row
    assert token[-20:] not in row
    hashed = server.services.authenticator.hash(token)
    assert server.value("SELECT token_hash FROM access_tokens WHERE token_hash = $1", hashed) == hashed


def test_sending_the_form_twice_makes_one_token_and_shows_it_once(server: RunningServer) -> None:
    person = visitor(server, server.new_shop())
    token, _ = make_token(person)
    again = person.post("/settings/tokens/new", FIELDS)
    assert again.status_code == 303
    assert TOKEN.search(again.text) is None
    notice = person.get(again.headers["location"]).text
    assert "shown only once" in notice
    assert len(stored(server, person, "app")) == 1
    assert read_products(server, token) == 200


def test_neither_back_nor_reload_shows_a_token_again(server: RunningServer, browser: Browser) -> None:
    shop = server.new_shop()
    view = screen(browser, server, shop)
    page = view.page
    view.open("/settings/tokens/new")
    page.get_by_label("Name").fill("once")
    page.get_by_role("button", name="Create token").click()
    token = page.get_by_label("Polar API token").input_value()
    page.reload()
    expect(page.get_by_role("heading", name="Access tokens")).to_be_visible()
    assert token not in page.content()
    view.open("/settings/tokens/new")
    page.get_by_label("Name").fill("twice")
    page.get_by_role("button", name="Create token").click()
    second = page.get_by_label("Polar API token").input_value()
    page.get_by_role("link", name="Go to the catalogue").click()
    page.wait_for_url("**/products")
    page.go_back()
    page.wait_for_load_state()
    assert second not in page.content()
    assert [len(stored(server, visitor(server, shop), name)) for name in ("once", "twice")] == [1, 1]
    view.close()


def test_a_revoked_token_is_refused_by_the_next_request_and_stays_listed(server: RunningServer) -> None:
    person = visitor(server, server.new_shop())
    token, _ = make_token(person, name="short lived")
    assert read_products(server, token) == 200
    link = re.search(r"/settings/tokens/([0-9a-f-]{36})/revoke", person.get("/settings/tokens").text)
    assert link is not None
    person.get(link[0])
    wrong = person.post(link[0], {"name": "another name"})
    assert wrong.status_code == 422
    assert "Type the name exactly" in wrong.text
    assert read_products(server, token) == 200
    assert person.post(link[0], {"name": "short lived"}).status_code == 303
    assert read_products(server, token) == 401
    listed = person.get("/settings/tokens").text
    assert "short lived" in listed
    assert "Revoked" in listed


def test_revoking_asks_for_the_name_in_a_dialog_and_gives_the_focus_back(
    server: RunningServer, browser: Browser
) -> None:
    shop = server.new_shop()
    token, _ = make_token(visitor(server, shop), name="in a dialog")
    view = screen(browser, server, shop)
    page = view.page
    view.open("/settings/tokens")
    link = page.get_by_role("link", name="Revoke in a dialog")
    link.click()
    dialog = page.get_by_role("dialog", name="Revoke in a dialog?")
    expect(dialog.get_by_label("Type in a dialog to confirm")).to_be_focused()
    page.keyboard.press("Escape")
    expect(dialog).to_have_count(0)
    expect(link).to_be_focused()
    page.keyboard.press("Enter")
    dialog.get_by_label("Type in a dialog to confirm").fill("in a dialog")
    dialog.get_by_role("button", name="Revoke token").click()
    expect(page.get_by_text("Token revoked.")).to_be_visible()
    assert read_products(server, token) == 401
    view.close()


def test_the_list_shows_when_and_from_where_a_token_was_last_used(server: RunningServer) -> None:
    person = visitor(server, server.new_shop())
    token, _ = make_token(person)
    row = r"<tr>(?:(?!</tr>).)*>app<(?:(?!</tr>).)*</tr>"
    before = re.search(row, person.get("/settings/tokens").text, re.DOTALL)
    assert before is not None
    assert "never" in before[0]
    read_products(server, token)
    after = re.search(row, person.get("/settings/tokens").text, re.DOTALL)
    assert after is not None
    assert "from 127.0.0.1" in after[0]
    assert "just now" in after[0]


def test_the_curl_line_works_when_it_is_pasted(server: RunningServer) -> None:
    person = visitor(server, server.new_shop())
    for kind in ("polar", "dodo"):
        _, answer = make_token(person, kind=kind, name=kind)
        found = re.search(r'id="curl"><code>(.*?)</code>', answer.text, re.DOTALL)
        assert found is not None
        line = found[1].replace("&#34;", '"').replace("&#39;", "'")
        done = subprocess.run(["sh", "-c", line + " -s"], capture_output=True, text=True, timeout=20, check=True)
        assert '"url"' in done.stdout or '"checkout_url"' in done.stdout, done.stdout


def test_a_preset_grants_its_scopes_and_no_more(server: RunningServer) -> None:
    person = visitor(server, server.new_shop())
    reading, answer = make_token(person, name="reads", preset="read")
    assert "/v1/products/" in answer.text
    product = str(person.shop.products["one_time"].id)
    refused = httpx2.post(
        f"{server.url}/v1/checkouts/", headers={"Authorization": f"Bearer {reading}"}, json={"products": [product]}
    )
    assert refused.status_code == 403
    assert read_products(server, reading) == 200


def test_scopes_chosen_one_by_one_are_granted_and_writing_implies_reading(server: RunningServer) -> None:
    person = visitor(server, server.new_shop())
    make_token(person, name="chosen", preset="custom", scopes=["orders:write", "products:read", "nonsense:write"])
    token = stored(server, person, "chosen")[0]
    assert set(token.scopes) == {"orders:read", "orders:write", "products:read"}


def test_a_token_may_live_for_a_number_of_days_until_a_date_or_for_ever(server: RunningServer) -> None:
    person = visitor(server, server.new_shop())
    now = datetime.now(UTC)
    make_token(person, name="thirty", lifetime="30")
    make_token(person, name="dated", lifetime="custom", until="2999-12-31")
    make_token(person, name="ever", lifetime="never")
    thirty, dated, ever = (stored(server, person, name)[0] for name in ("thirty", "dated", "ever"))
    assert thirty.expires_at is not None
    assert abs(thirty.expires_at - now - timedelta(days=30)) < timedelta(minutes=1)
    assert dated.expires_at is not None
    assert dated.expires_at.date().isoformat() == "2999-12-31"
    assert ever.expires_at is None
    assert set(ever.scopes) == set(ALL_SCOPES)


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"name": ""}, "Enter a name"),
        ({"name": "n" * 101}, "at most 100 characters"),
        ({"preset": "custom"}, "Choose at least one scope"),
        ({"lifetime": "custom", "until": "2001-01-01"}, "in the future"),
        ({"lifetime": "custom", "until": "tomorrow"}, "Choose a date"),
        ({"lifetime": "12"}, "Choose how long"),
        ({"kind": "dodo", "access": "all"}, "Choose what the key can do"),
    ],
)
def test_a_form_that_cannot_be_used_comes_back_as_it_was_typed(
    server: RunningServer, fields: dict[str, str], said: str
) -> None:
    person = visitor(server, server.new_shop())
    person.get("/settings/tokens/new")
    answer = person.post("/settings/tokens/new", {**FIELDS, "name": "kept as typed", **fields})
    assert answer.status_code == 422
    assert said in answer.text
    if "name" not in fields:
        assert "kept as typed" in answer.text
    assert TOKEN.search(answer.text) is None
    assert not stored(server, person, "kept as typed")
