"""How a port closes: callers with a connection are answered, others are sent on."""

from __future__ import annotations

import errno
import select
import socket
from collections.abc import Iterator

import pytest

from checkstand.cli.listening import bind, let_nobody_new_in


@pytest.fixture
def listening() -> Iterator[socket.socket]:
    with bind("127.0.0.1", 0) as bound:
        bound.settimeout(5)
        yield bound


def test_who_was_connected_before_the_port_closes_is_answered_and_who_comes_later_finds_it_closed(
    listening: socket.socket,
) -> None:
    address = listening.getsockname()
    with socket.create_connection(address, timeout=5) as early, socket.socket() as late:
        early.sendall(b"from a caller in the queue")
        let_nobody_new_in(listening)
        late.setblocking(False)
        with pytest.raises(BlockingIOError):
            late.connect(address)
        accepted, _ = listening.accept()
        listening.settimeout(0.2)
        with pytest.raises(TimeoutError):
            listening.accept()
        listening.close()
        with accepted:
            assert accepted.recv(100) == b"from a caller in the queue"
            accepted.sendall(b"an answer")
        assert early.recv(100) == b"an answer"
        select.select([], [late], [], 5)
        assert late.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR) == errno.ECONNREFUSED
