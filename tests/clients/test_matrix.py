"""The oldest and the newest clients with everything that is served, as `make matrix` tries them all."""

from __future__ import annotations

import json

import pytest

from tests.clients.matrix import Trial, page, tried
from tests.clients.versions import HERE, ROOT, OfficialClient, clients
from tests.server import RunningServer

pytestmark = pytest.mark.xdist_group("clients")

DAILY = [client for client in clients() if client.daily]


@pytest.mark.parametrize("client", DAILY, ids=lambda client: client.name)
def test_a_client_loads_every_answer_and_event_that_its_version_knows(
    server: RunningServer, client: OfficialClient
) -> None:
    trial = tried(server, client)
    assert trial.surprises == []
    assert trial.count("works") > 40


def test_what_is_installed_is_what_the_table_says() -> None:
    installed = {
        folder: json.loads((HERE / folder / "package.json").read_text())["dependencies"]
        for folder in ("js", "adapters")
    }
    pinned = (ROOT / "requirements-dev.lock").read_text()
    for client in clients():
        if client.language != "python":
            wanted = installed["js" if client.language == "javascript" else "adapters"][client.place]
            assert wanted.rpartition("@")[2] == client.version, client.place
        elif client.python_path:
            lock = (HERE / "python" / f"{client.place}.lock").read_text()
            assert f"{client.package}=={client.version}\n" in lock, client.place
        else:
            assert f"{client.package}=={client.version}\n" in pinned, client.place


def test_the_page_says_of_each_cell_whether_it_works_and_why_not() -> None:
    newest, oldest = (next(one for one in clients() if one.place == place) for place in (".venv/polar", "polar-0.28"))
    trials = [
        Trial(oldest, {"orders.list": "works", "orders.export": "fails", "orders.receipt": "not offered"}, {}),
        Trial(newest, {"orders.list": "works", "orders.export": "works", "orders.receipt": "works"}, {}),
    ]
    lines = page(trials).splitlines()
    assert "| | Python 0.28.4 | Python 1.0.2 |" in lines
    for line in ("| orders.list | yes | yes |", "| orders.export | no (1) | yes |", "| orders.receipt | – | yes |"):
        assert line in lines
    assert any(line.startswith("1. The file is `text/csv`") for line in lines)
    assert page(trials) == page(trials)


def test_a_client_that_throws_where_nothing_says_so_is_a_surprise_and_so_is_one_that_stopped() -> None:
    client = next(one for one in clients() if one.place == "polar-0.28")
    trial = Trial(
        client,
        {"orders.export": "works", "orders.list": "fails", "customers.export": "fails"},
        {"orders.list": "a key"},
    )
    assert trial.surprises == ["orders.list fails: a key", "orders.export works now: take it out of versions.toml"]
