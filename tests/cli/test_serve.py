"""`checkstand serve` and `checkstand worker`: what they refuse to start without, and how they run and end."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import time
from pathlib import Path

import httpx2
import pytest

from tests.cli.forked import RunningCommand
from tests.cli.running import Place
from tests.waiting import eventually

COMPLETE = {
    "CHECKSTAND_PUBLIC_URL": "http://127.0.0.1:8080",
    "CHECKSTAND_SECRET_KEY": "for tests alone, forty characters or more",
    "CHECKSTAND_DATABASE_URL": "postgresql://user@127.0.0.1:1/shop",
    "CHECKSTAND_DATABASE_WAIT_SECONDS": "0",
}
pytestmark = pytest.mark.xdist_group("cli-serve")


@pytest.mark.parametrize("command", ["serve", "worker"])
@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"CHECKSTAND_PUBLIC_URL": ""}, "CHECKSTAND_PUBLIC_URL is not set"),
        ({"CHECKSTAND_SECRET_KEY": ""}, "CHECKSTAND_SECRET_KEY is not set"),
        ({"CHECKSTAND_SECRET_KEY": "short"}, "CHECKSTAND_SECRET_KEY is too short"),
        ({"CHECKSTAND_DATABASE_URL": ""}, "Set CHECKSTAND_DATABASE_URL"),
        ({"CHECKSTAND_DATABASE_URL": "mysql://x"}, "CHECKSTAND_DATABASE_URL must begin with postgresql://"),
        ({"CHECKSTAND_PUBLIC_URL": "pay.example.com"}, "CHECKSTAND_PUBLIC_URL must look like"),
        ({"CHECKSTAND_GATEWAY": "stripe"}, "CHECKSTAND_STRIPE_SECRET_KEY is not set"),
        ({"CHECKSTAND_PORT": "many"}, "CHECKSTAND_PORT must be a whole number"),
        ({"CHECKSTAND_ENV_FILE": "/nonexistent"}, "CHECKSTAND_ENV_FILE names /nonexistent"),
        ({"CHECKSTAND_PORT": "0"}, "The database cannot be reached"),
    ],
)
def test_a_missing_or_bad_setting_is_named(at: Place, command: str, changed: dict[str, str], said: str) -> None:
    done = at.run(command, **{**COMPLETE, **changed})
    assert (done.code, done.out) == (1, "")
    assert said in done.err
    assert "Traceback" not in done.err


def test_a_traceback_is_shown_on_demand(at: Place) -> None:
    done = at.run("serve", **{**COMPLETE, "CHECKSTAND_PUBLIC_URL": "", "CHECKSTAND_DEBUG": "1"})
    assert "Traceback" in done.err


def test_a_schema_that_is_not_current_is_refused_with_what_to_do(at: Place, database_url: str) -> None:
    empty = database_url.rpartition("@/")[0] + "@/postgres?" + database_url.partition("?")[2]
    for command in ("serve", "worker"):
        done = at.run(command, **{**COMPLETE, "CHECKSTAND_DATABASE_URL": empty, "CHECKSTAND_PORT": "0"})
        assert done.code == 1
        assert "Run `checkstand migrate`" in done.err


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def serving(at: Place, port: int, **settings: str) -> RunningCommand:
    process = at.start("serve", **{**COMPLETE, "CHECKSTAND_PORT": str(port), **settings})
    assert eventually(lambda: answers(port), within_s=120), process.communicate(timeout=5)
    return process


def answers(port: int) -> bool:
    try:
        return httpx2.get(f"http://127.0.0.1:{port}/readyz", timeout=10).status_code == 200
    except httpx2.HTTPError:
        return False


def ended(
    process: RunningCommand | subprocess.Popen[str], number: int = signal.SIGTERM, *, within_s: float = 20
) -> list[dict[str, object]]:
    """Stop it, well before a drain of 30 s would be over; its log, which must be JSON line by line."""
    process.send_signal(number)
    started = time.monotonic()
    out, err = process.communicate(timeout=60)
    assert (process.returncode, out) == (0, ""), err
    assert time.monotonic() - started < within_s
    assert all(line.startswith("{") for line in err.splitlines()), err
    return [json.loads(line) for line in err.split("\n") if line]


def test_it_serves_logs_in_json_without_secrets_and_ends_politely(at: Place, database_url: str) -> None:
    port = free_port()
    process = serving(at, port, CHECKSTAND_DATABASE_URL=database_url)
    secret = "polar_c_" + "a1B2" * 10
    httpx2.get(f"http://127.0.0.1:{port}/checkout/{secret}?customer_session_token=polar_cst_{secret}", timeout=30)
    lines = ended(process)
    assert [line["event"] for line in lines] == ["serving", "request", "stopped"]
    assert {name: lines[1][name] for name in ("method", "path", "status")} == {
        "method": "GET",
        "path": "/checkout/polar_c_…",
        "status": 404,
    }
    assert "a1B2" not in json.dumps(lines)


def test_an_embedded_database_serves_web_and_worker_beside_each_other(at: Place) -> None:
    settings = {"CHECKSTAND_DATABASE_URL": "", "CHECKSTAND_DATA_DIR": str(at.folder / "data")}
    assert at.run("migrate", **settings).code == 0
    port = free_port()
    web = serving(at, port, **settings)
    worker = at.start("worker", **{**COMPLETE, **settings})
    assert json.loads(worker.stderr.readline())["event"] == "working"
    assert at.run("doctor", **{**COMPLETE, **settings, "CHECKSTAND_PUBLIC_URL": f"http://127.0.0.1:{port}"}).code == 0
    ended(worker)
    ended(web, signal.SIGINT)


def test_several_processes_share_the_port_and_a_lost_one_is_replaced(at: Place, database_url: str) -> None:
    port = free_port()
    process = serving(at, port, CHECKSTAND_DATABASE_URL=database_url, CHECKSTAND_WORKERS="2")
    before = children(process.pid)
    assert eventually(lambda: len(children(process.pid)) == 2)
    os.kill(children(process.pid)[0], signal.SIGKILL)
    assert eventually(lambda: len(children(process.pid)) == 2 and children(process.pid) != before)
    assert answers(port)
    lines = ended(process)
    assert [line["event"] for line in lines].count("web process ended, starting another") == 1


def test_web_processes_end_when_their_parent_was_killed(at: Place, database_url: str) -> None:
    port = free_port()
    process = serving(at, port, CHECKSTAND_DATABASE_URL=database_url, CHECKSTAND_WORKERS="2")
    orphans = children(process.pid)
    process.kill()
    process.communicate(timeout=30)
    assert eventually(lambda: not any(os.path.exists(f"/proc/{pid}") for pid in orphans))


def children(pid: int) -> list[int]:
    listed = subprocess.run(["ps", "-o", "pid=", "--ppid", str(pid)], capture_output=True, text=True, check=False)
    return [int(line) for line in listed.stdout.split()]


def test_a_signal_while_it_is_still_starting_ends_it_well_and_its_log_stays_json(at: Place, database_url: str) -> None:
    settings = {**COMPLETE, "CHECKSTAND_DATABASE_URL": database_url, "CHECKSTAND_PORT": "0"}
    starting = [at.start_from_the_first_line(command, **settings) for command in ("serve", "worker") for _ in range(2)]
    for process, others in zip(starting, range(4), strict=True):
        assert eventually(lambda process=process: _interruptible(process)), "it has taken charge of its signals"  # type: ignore[misc]
        time.sleep(0.1 * others)
        lines = ended(process, within_s=60)  # it may be importing, which here takes as long as the machine is busy
        assert [line["event"] for line in lines] in (["stopped"], ["serving", "stopped"], ["working", "stopped"])


def _interruptible(process: subprocess.Popen[str]) -> bool:
    """Whether the process catches SIGTERM, as the system tells it."""
    status = Path(f"/proc/{process.pid}/status").read_text(encoding="ascii")
    caught = next(int(line.split()[1], 16) for line in status.splitlines() if line.startswith("SigCgt"))
    return bool(caught >> (signal.SIGTERM - 1) & 1)
