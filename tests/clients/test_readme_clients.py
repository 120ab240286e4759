"""The lines of the README's table of clients, pasted into programs of their own: each lists the shop's products."""

from __future__ import annotations

import html
import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from checkstand.testing.demo import DemoShop
from tests.server import RunningServer

pytestmark = pytest.mark.xdist_group("clients")

ROOT = Path(__file__).parents[2]
JS = Path(__file__).parent / "js"
_ROW = re.compile(r"^\| (Python|TypeScript|JavaScript) `([^`]+)`(?: (\d)\.x)? \| (.+) \|$", re.MULTILINE)
ROWS = {
    f"{language} {package} {major}".strip(): [html.unescape(line.strip("`")) for line in cell.split("<br>")]
    for language, package, major, cell in _ROW.findall((ROOT / "README.md").read_text("utf-8"))
}
ASKING = {
    "Python polar-sdk 1": "print(len(polar.products.list().items))",
    "Python polar-sdk 0": "print(len(polar.products.list().result.items))",
    "TypeScript @polar-sh/sdk 1": "const page = await polar.products.list(); console.log(page.items.length);",
    "TypeScript @polar-sh/sdk 0": "const page = await polar.products.list({}); console.log(page.result.items.length);",
    "Python dodopayments": "print(len(dodo.products.list().items))",
    "JavaScript dodopayments": "const page = await dodo.products.list(); console.log(page.items.length);",
}


def test_the_table_has_the_clients_that_are_tried_here() -> None:
    assert set(ROWS) == set(ASKING)


@pytest.mark.parametrize("client", ASKING)
def test_the_readmes_lines_for_a_client_work_when_they_are_pasted(
    client: str, server: RunningServer, shop: DemoShop
) -> None:
    shown = "\n".join(ROWS[client]).replace("http://127.0.0.1:8080", server.url)
    keys = {"TOKEN": shop.polar_token, "KEY": shop.dodo_key}
    if client.startswith("Python"):
        given = "\n".join(f"{name} = {json.dumps(key)}" for name, key in keys.items())
        folder = str(ROOT / ".clients" / "polar-0.32") if client.endswith(" 0") else ""
        command, place = [sys.executable, "-c", f"{given}\n{shown}\n{ASKING[client]}"], {"PYTHONPATH": folder}
    else:
        given = "".join(f"const {name} = {json.dumps(key)};\n" for name, key in keys.items())
        if client.endswith(" 0"):  # the tests have both generations, the older under a name of its own
            shown = shown.replace('"@polar-sh/sdk"', '"polar-sdk-0"')
        command, place = ["node", "--input-type=module", "-e", f"{given}{shown}\n{ASKING[client]}"], {}
    done = subprocess.run(
        command, cwd=JS, env={**os.environ, **place}, capture_output=True, text=True, timeout=60, check=False
    )
    assert (done.returncode, done.stdout.strip()) == (0, "5"), done
