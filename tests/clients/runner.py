"""Official clients in processes of their own: a job goes in as a line of JSON, and a line of JSON comes back.

Loading a client takes seconds, so each is started once by a test process that needs it, and ends with it.

The JavaScript clients need Node and the packages of `js/`, the generated Polar clients a folder of their own: `make test` installs both.
"""

from __future__ import annotations

import atexit
import functools
import json
import os
import select
import subprocess
import sys
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent
ROOT = HERE.parent.parent
PATIENCE_S = 60


def node(script: str, job: dict[str, Any]) -> dict[str, Any]:
    """One call with a JavaScript client, which must succeed."""
    return succeeded(node_answer(script, job))


def node_answer(script: str, job: dict[str, Any]) -> dict[str, Any]:
    """One call with a JavaScript client, whatever comes of it."""
    return ask(("node", str(HERE / "js" / script)), HERE / "js", "", job)


def polar_0(version: str, job: dict[str, Any]) -> dict[str, Any]:
    """One call with a generated Python client, `0.32` or `0.13`, which must succeed."""
    return succeeded(polar_0_answer(version, job))


def polar_0_answer(version: str, job: dict[str, Any]) -> dict[str, Any]:
    """One call with a generated Python client, whatever comes of it."""
    folder = ROOT / ".clients" / f"polar-{version}"
    assert folder.is_dir(), f"{folder} is missing: run `make test` once, it installs the client"
    return ask((sys.executable, str(HERE / "python" / "polar0.py")), HERE, str(folder), job)


@functools.cache
def _started(command: tuple[str, ...], folder: Path, python_path: str) -> subprocess.Popen[str]:
    environment = {**os.environ, "PYTHONPATH": python_path} if python_path else os.environ
    process = subprocess.Popen(
        command, cwd=folder, env=environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, bufsize=1
    )
    atexit.register(process.kill)
    return process


def ask(command: tuple[str, ...], folder: Path, python_path: str, job: dict[str, Any]) -> dict[str, Any]:
    """One job for the program of this command, which is started once, in this folder."""
    process = _started(command, folder, python_path)
    assert process.stdin is not None
    assert process.stdout is not None
    process.stdin.write(json.dumps(job) + "\n")
    process.stdin.flush()
    ready, _, _ = select.select([process.stdout], [], [], PATIENCE_S)
    line = process.stdout.readline() if ready else ""
    if not line:
        process.kill()
        _started.cache_clear()
        raise AssertionError(f"{command[-1]} gave no answer to {job.get('call')}; what it says of it is above")
    answer: dict[str, Any] = json.loads(line)
    return answer


def succeeded(answer: dict[str, Any]) -> dict[str, Any]:
    assert answer.get("ok"), answer
    return answer


def error(answer: dict[str, Any]) -> dict[str, Any]:
    """What the client raised: its name, status and message."""
    assert not answer.get("ok"), answer
    return dict(answer["error"])


def result(answer: dict[str, Any]) -> Any:
    return answer["result"]
