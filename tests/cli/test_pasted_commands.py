"""What README and docs/ show to be typed, typed: in a shell in the project's folder, beside a development server."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import pytest

from tests.cli.running import Dev, Place
from tests.cli.test_serve import free_port
from tests.waiting import eventually

pytestmark = pytest.mark.xdist_group("cli-shop")

ROOT = Path(__file__).parents[2]
ACTIVATE = ". .venv/bin/activate\n"
_BLOCK = re.compile(r"^```(?:sh)?\n(.*?)^```", re.MULTILINE | re.DOTALL)


def blocks(document: str) -> list[str]:
    """The blocks of code in a document that a shell is meant to read."""
    found = _BLOCK.findall((ROOT / document).read_text("utf-8"))
    return [block for block in found if re.search(r"\b(checkstand |python3? -)", block)]


def paste(at: Place, text: str) -> subprocess.CompletedProcess[str]:
    """Each line is typed whatever became of the last, as by a hand; the shell knows the place's folders alone."""
    assert (ROOT / ".venv" / "bin" / "checkstand").exists(), "`make run` and `make test` install it"
    path = "/usr/local/bin:/usr/bin:/bin"
    environment = {**at.environment({}), "PATH": path}
    return subprocess.run(
        ["sh", "-c", text], cwd=ROOT, env=environment, capture_output=True, text=True, timeout=90, check=False
    )


@pytest.fixture
def dev(at: Place) -> Dev:
    return at.dev()


def test_the_readmes_two_minutes_work_when_they_are_pasted(at: Place, dev: Dev) -> None:
    first, then = (block.replace("http://127.0.0.1:8080", dev.url) for block in blocks("README.md"))
    after_each = "".join(f"{line}\necho CODE $?\n" for line in then.strip().splitlines())
    typed = paste(at, f"{first}\n{after_each}")
    assert "not found" not in typed.stderr, typed
    assert typed.stdout.startswith(f"{dev.url}/checkout/polar_c_"), typed
    assert re.findall(r"^CODE (\d+)$", typed.stdout, re.MULTILINE) == ["0", "1", "1", "0"], typed
    assert "declined" in (typed.stdout + typed.stderr).lower()


@pytest.mark.prove
def test_the_documents_commands_work_when_they_are_pasted_one_after_the_other(at: Place) -> None:
    at.dev()
    lines = [
        line for name in ("docs/taxes.md", "docs/settings.md") for block in blocks(name) for line in block.splitlines()
    ]
    assert len(lines) > 5
    typed = paste(at, ACTIVATE + "set -e\n" + "\n".join(lines))
    assert typed.returncode == 0, typed


def test_the_stand_in_for_stripe_starts_as_its_document_says(at: Place) -> None:
    (block,) = blocks("docs/stripe.md")
    port = free_port()
    started = subprocess.Popen(
        ["sh", "-c", ACTIVATE + "exec " + block.replace("12111", str(port))],
        cwd=ROOT,
        env=at.environment({}),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    try:
        ask = ["curl", "-s", "-o", "/dev/null", f"http://127.0.0.1:{port}/_fake/list"]
        assert eventually(lambda: subprocess.run(ask, check=False).returncode == 0), started.poll()
    finally:
        started.terminate()
        started.communicate(timeout=20)
