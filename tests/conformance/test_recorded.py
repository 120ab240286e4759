"""What agreed with the original once keeps agreeing: the scenarios of `passing.txt`, replayed against the running server."""

from __future__ import annotations

from pathlib import Path

import pytest

from checkstand.testing.demo import DemoShop
from tests.conformance import recorded
from tests.server import RunningServer
from tests.shared_folder import CONFORMANCE, shared


@pytest.mark.parametrize("file", recorded.FILES)
def test_recorded_scenarios_that_passed_still_pass(
    server: RunningServer, shop: DemoShop, tmp_path: Path, file: str
) -> None:
    names = recorded.listed()[file]
    if shared(CONFORMANCE) is None:
        # Somebody with this repository alone has no recordings; whoever has the list has at least one scenario in it.
        assert any(recorded.listed().values())
        return
    if not names:
        assert file != "golden"
        return
    replayed = recorded.replay(server, recorded.write_tokens(server, shop, tmp_path), file, only=names)
    lost = {name: lines[0] for name, lines in replayed.differences.items()}
    assert lost == {}
    assert sorted(replayed.passed) == sorted(names), (
        "each scenario of the list is in the recordings, and none was skipped"
    )
