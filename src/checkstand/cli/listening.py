"""Binding the port, and the address that others reach it at.

The socket is bound before anything slow starts: a port in use is told at once, and port 0 is known before the first
link is made from it.
"""

from __future__ import annotations

import contextlib
import ctypes
import errno
import socket
import struct
import sys

from checkstand.cli.terminal import Failure

BACKLOG = 2048
_SO_ATTACH_FILTER = 26  # of Linux; Python has no name for it
_DROP_FIRST_PACKETS = (  # a classic BPF program over a TCP segment: code, jump if true, jump if false, operand
    (0x30, 0, 0, 13),  # load the byte of flags
    (0x54, 0, 0, 0x12),  # keep SYN and ACK
    (0x15, 0, 1, 0x02),  # SYN alone opens a connection:
    (0x06, 0, 0, 0),  # drop it
    (0x06, 0, 0, 0xFFFFFFFF),  # everything else passes
)
_EVERYWHERE = {"0.0.0.0": "127.0.0.1", "::": "::1", "": "127.0.0.1"}  # noqa: S104 (names of all interfaces)


def bind(host: str, port: int, *, listens: bool = True) -> socket.socket:
    """A socket on host and port; port 0 takes a free one. Raises Failure that says what to do.

    `listens=False` leaves that to whoever accepts: until then callers are refused at once and may go elsewhere, instead of waiting.
    """
    try:
        found = socket.getaddrinfo(host or None, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
    except (socket.gaierror, UnicodeError) as error:
        raise Failure(f"'{host}' is no address of this machine. Use --host 127.0.0.1, or 0.0.0.0 for all.") from error
    family, kind, protocol, _, address = found[0]
    bound = socket.socket(family, kind, protocol)
    try:
        bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        bound.bind(address)
        if listens:
            bound.listen(BACKLOG)  # with SO_REUSEADDR only a listening socket keeps others from the port
    except OSError as error:
        bound.close()
        raise Failure(_refusal(host, port, error)) from error
    bound.set_inheritable(False)
    return bound


def let_nobody_new_in(listening: socket.socket) -> None:
    """Have the system make no more connections for this socket; those that it has made can still be accepted.

    Whatever is made between the last accept and the close would be reset. Who is not let in asks the system again a second later, and
    finds the port closed or the next server. Elsewhere than on Linux this does nothing.
    """
    if sys.platform != "linux":
        return
    program = b"".join(struct.pack("HBBI", *step) for step in _DROP_FIRST_PACKETS)
    steps = ctypes.create_string_buffer(program, len(program))
    with contextlib.suppress(OSError):  # where it may not be asked for, a caller in a thousand is reset
        listening.setsockopt(
            socket.SOL_SOCKET, _SO_ATTACH_FILTER, struct.pack("HP", len(_DROP_FIRST_PACKETS), ctypes.addressof(steps))
        )


def _refusal(host: str, port: int, error: OSError) -> str:
    if error.errno == errno.EADDRINUSE:
        return (
            f"Port {port} is in use. Stop the program that has it, choose another one (--port {_next(port)}), "
            "or let the system pick a free one: --port 0."
        )
    if error.errno in (errno.EACCES, errno.EPERM):
        return (
            f"Port {port} may not be used by this user: those below 1024 are root's. Choose another one: --port 8080."
        )
    if error.errno == errno.EADDRNOTAVAIL:
        return f"'{host}' is no address of this machine. Use --host 127.0.0.1, or 0.0.0.0 for all."
    return f"Port {port} on '{host}' cannot be opened: {error.strerror}. Choose another one: --port 0."


def _next(port: int) -> int:
    return port + 1 if port < 65535 else 8080


def url_of(bound: socket.socket) -> str:
    """Where a browser on this machine reaches the socket."""
    host, port = bound.getsockname()[:2]
    host = _EVERYWHERE.get(host, host)
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"
