"""Starts an official client in a process of its own and reads its one line of JSON.

The JavaScript clients need Node and the packages of `js/`, the generated Polar clients a folder of their own: `make test` installs both.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent
ROOT = HERE.parent.parent


def node(script: str, job: dict[str, Any]) -> dict[str, Any]:
    """One call with a JavaScript client."""
    return _run(["node", str(HERE / "js" / script), json.dumps(job)], HERE / "js", os.environ)


def polar_0(version: str, job: dict[str, Any]) -> dict[str, Any]:
    """One call with a generated Python client, `0.32` or `0.16`."""
    folder = ROOT / ".clients" / f"polar-{version}"
    assert folder.is_dir(), f"{folder} is missing: run `make test` once, it installs the client"
    environment = {**os.environ, "PYTHONPATH": str(folder)}
    return _run([sys.executable, str(HERE / "python" / "polar0.py"), json.dumps(job)], HERE, environment)


def _run(command: list[str], folder: Path, environment: Any) -> dict[str, Any]:
    done = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stderr or done.stdout
    answer: dict[str, Any] = json.loads(done.stdout.strip().splitlines()[-1])
    assert answer.get("ok"), answer
    return answer


def result(answer: dict[str, Any]) -> Any:
    return answer["result"]
