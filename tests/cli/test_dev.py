"""`checkstand dev`: what it prints, what it keeps, and what it leaves behind."""

from __future__ import annotations

import json
import re
import signal
import socket
import stat
import subprocess
from pathlib import Path

import httpx2
import pytest

from checkstand.cli.data_folder import KEY_NAME, NOTE_NAME
from checkstand.embedded_postgres.server import alive
from tests.cli.running import Dev, Place, create_checkout
from tests.waiting import eventually

ROOT = Path(__file__).parents[2]
pytestmark = pytest.mark.xdist_group("cli-shop")


def test_the_line_has_everything_a_script_needs(shop: Dev) -> None:
    line = shop.line
    assert list(line) == [
        "url", "dashboard", "organization", "polar", "dodo", "webhook_secret", "products", "addon", "discount",
    ]  # fmt: skip
    assert re.fullmatch(r"http://127\.0\.0\.1:\d+", line["url"])
    assert line["dashboard"]["url"] == f"{line['url']}/dashboard"
    assert "@" in line["dashboard"]["email"]
    assert len(line["dashboard"]["password"]) == 16
    assert list(line["organization"]) == ["id", "slug", "name"]
    assert line["organization"]["slug"] == "demo"
    assert line["polar"]["access_token"].startswith("polar_oat_")
    assert line["dodo"]["api_key"]
    assert line["webhook_secret"].startswith("whsec_")
    assert {label: (one["amount"], one["currency"]) for label, one in line["products"].items()} == {
        "one_time": (1000, "usd"),
        "monthly": (2000, "usd"),
        "trial": (2000, "usd"),
        "pay_what_you_want": (1500, "usd"),
        "free": (0, "usd"),
    }
    for product in line["products"].values():
        assert list(product) == ["polar_id", "dodo_id", "name", "amount", "currency"]
        assert product["dodo_id"].startswith("pdt_")
    assert re.fullmatch(r"adn_[0-9A-Za-z]{21}", line["addon"].pop("dodo_id"))
    assert line["addon"] == {"amount": 500, "currency": "usd"}
    assert line["discount"] == {"code": "WELCOME20", "basis_points": 2000}


def test_both_keys_open_the_shop(shop: Dev) -> None:
    assert create_checkout(shop, "one_time").startswith(f"{shop.url}/checkout/")
    answer = httpx2.post(
        f"{shop.url}/checkouts",
        headers={"Authorization": f"Bearer {shop.line['dodo']['api_key']}"},
        json={"product_cart": [{"product_id": shop.line["products"]["one_time"]["dodo_id"], "quantity": 1}]},
        timeout=30,
    )
    assert answer.status_code == 200, answer.text
    assert answer.json()["checkout_url"].startswith(shop.url)


def test_connections_have_their_bounds_here_too(shop: Dev) -> None:
    host, port = shop.url.removeprefix("http://").split(":")
    with socket.create_connection((host, int(port)), timeout=30) as connection:
        connection.sendall(b"GET /healthz HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n")
        assert connection.recv(4096).startswith(b"HTTP/1.1 400 ")


def test_the_dashboard_password_signs_in(shop: Dev) -> None:
    with httpx2.Client(base_url=shop.url, follow_redirects=True, timeout=30) as browser:
        assert browser.get("/dashboard").status_code == 200


def test_the_greetings_lines_work_when_pasted_where_it_was_started(at: Place) -> None:
    here = ".venv/bin/checkstand"
    process = subprocess.Popen(
        [here, "dev", "--port", "0"],
        cwd=ROOT,
        env=at.environment({"PATH": "/usr/bin:/bin"}),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    at.started.append(process)
    assert process.stdout is not None
    lines: list[str] = []
    while not lines or "Ctrl-C" not in lines[-1]:
        lines.append(process.stdout.readline())
        assert lines[-1], process.communicate()
    curl = next(line.strip() for line in lines if line.strip().startswith("curl "))
    pasted = subprocess.run(["sh", "-c", curl], capture_output=True, text=True, check=True, timeout=30)
    assert json.loads(pasted.stdout)["status"] == "open"
    assert f"  {here} buy URL\n" in lines, "its folder is not on the path"
    greeting = "".join(lines)
    assert "Checkstand is ready" in greeting
    assert "4242 4242 4242 4242" in greeting
    assert "\x1b" not in greeting, "colours belong on a terminal"
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=30)
    assert process.returncode == 0
    assert "Traceback" not in out + err


def test_a_second_start_finds_the_same_shop_and_keys(at: Place) -> None:
    first = at.dev()
    page = create_checkout(first, "one_time")
    assert first.stop(signal.SIGINT).code == 0
    second = at.dev()
    for name in ("organization", "polar", "dodo", "webhook_secret", "products", "addon", "discount"):
        assert second.line[name] == first.line[name]
    moved = page.replace(first.url, second.url)
    assert httpx2.get(moved, timeout=30).status_code == 200


def test_the_key_and_the_note_are_the_owners_alone_and_the_note_goes_with_the_server(at: Place) -> None:
    folder = at.folder / "data"
    dev = at.dev("--data", str(folder))
    for name in (KEY_NAME, NOTE_NAME):
        assert stat.S_IMODE((folder / name).stat().st_mode) == 0o600
    assert dev.stop().code == 0
    assert (folder / KEY_NAME).exists()
    assert not (folder / NOTE_NAME).exists()


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_an_ephemeral_server_leaves_nothing_behind(at: Place, number: int) -> None:
    dev = at.dev("--ephemeral")
    assert list(at.temporary.iterdir())
    done = dev.stop(number)
    assert (done.code, done.out) == (0, "")
    assert "Traceback" not in done.err, done.err
    assert list(at.temporary.iterdir()) == []
    assert not (at.folder / "share").exists()


def test_what_a_killed_ephemeral_server_leaves_does_not_hurt_the_next_and_goes_with_it(at: Place) -> None:
    at.dev("--ephemeral").stop(signal.SIGKILL)
    assert list(at.temporary.iterdir())
    following = at.dev("--ephemeral")
    create_checkout(following, "one_time")
    assert following.stop().code == 0
    assert eventually(lambda: list(at.temporary.iterdir()) == [])


def test_a_killed_servers_data_is_found_by_the_next(at: Place) -> None:
    first = at.dev()
    page = create_checkout(first, "one_time")
    first.stop(signal.SIGKILL)
    second = at.dev()
    assert httpx2.get(page.replace(first.url, second.url), timeout=30).status_code == 200


def test_a_start_that_is_interrupted_leaves_no_database_running(at: Place) -> None:
    pid_file = at.folder / "data" / "postgresql" / "postmaster.pid"
    process = at.start("dev", "--port", "0", "--data", str(at.folder / "data"))
    assert eventually(lambda: pid_file.exists() and "ready" in pid_file.read_text(), within_s=60)
    postmaster = int(pid_file.read_text().split()[0])
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=30)
    assert process.returncode in (0, 130), err  # 0: it had become ready meanwhile
    assert "Traceback" not in out + err
    assert not alive(postmaster)


def test_a_port_in_use_is_told_with_what_to_do(shop: Dev, at: Place) -> None:
    port = shop.url.rpartition(":")[2]
    done = at.run("dev", "--ephemeral", "--port", port)
    assert (done.code, done.out) == (1, "")
    assert f"Port {port} is in use" in done.err
    assert "--port 0" in done.err
    assert list(at.temporary.iterdir()) == []


def test_a_second_server_on_the_same_data_is_refused_by_name(shop: Dev, shop_place: Place) -> None:
    done = shop_place.run("dev", "--port", "0")
    assert done.code == 1
    assert f"(process {shop.process.pid})" in done.err
    assert httpx2.get(f"{shop.url}/livez", timeout=30).status_code == 200


def test_options_without_effect_say_so(at: Place) -> None:
    dev = at.dev("--ephemeral", "--worlds", "--rate-limits")
    err = dev.stop().err
    assert "--worlds does nothing yet" in err


def test_the_demo_shop_collects_tax_everywhere_when_told_to_and_later_starts_keep_that(at: Place) -> None:
    at.dev("--tax-everywhere").stop()
    assert at.run("organization", "tax").out == "*\n"
    running = at.dev()
    assert at.run("organization", "tax", "--remove", "*", "--register", "DE").out == "DE\n"
    running.stop()
    assert at.run("organization", "tax").out == "DE\n"


def test_data_and_ephemeral_contradict_each_other(at: Place) -> None:
    done = at.run("dev", "--ephemeral", "--data", str(at.folder))
    assert done.code == 2
    assert "leave --data away" in done.err


def test_another_secret_key_than_the_shops_is_refused(at: Place) -> None:
    at.dev().stop()
    folder = at.folder / "share" / "checkstand"
    (folder / KEY_NAME).write_text("another key, as long as a key must be, or longer\n")
    done = at.run("dev", "--port", "0")
    assert done.code == 1
    assert "another secret key" in done.err


def test_a_damaged_secret_key_is_told(at: Place) -> None:
    folder = at.folder / "data"
    folder.mkdir()
    folder.chmod(0o711)
    (folder / KEY_NAME).write_text("short")
    done = at.run("dev", "--port", "0", "--data", str(folder))
    assert done.code == 1
    assert "damaged" in done.err
    assert "Traceback" not in done.err, done.err


def test_a_public_url_of_ones_own_is_used_for_links(at: Place) -> None:
    dev = at.dev("--ephemeral", CHECKSTAND_PUBLIC_URL="https://tunnel.example.com")
    assert dev.url == "https://tunnel.example.com"


def test_an_address_that_is_not_this_machines_is_refused(at: Place) -> None:
    done = at.run("dev", "--ephemeral", "--host", "nowhere.invalid")
    assert done.code == 1
    assert "'nowhere.invalid' is no address of this machine" in done.err


def test_a_database_of_ones_own_is_used_instead_of_an_embedded_one(at: Place, database_url: str) -> None:
    folder = at.folder / "data"
    dev = at.dev("--data", str(folder), CHECKSTAND_DATABASE_URL=database_url)
    create_checkout(dev, "one_time")
    assert dev.stop().code == 0
    assert not Path(folder, "postgresql").exists()
    done = at.run("dev", "--ephemeral", CHECKSTAND_DATABASE_URL=database_url)
    assert done.code == 1
    assert "unset CHECKSTAND_DATABASE_URL" in done.err
