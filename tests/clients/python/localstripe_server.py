"""`localstripe`, a stand-in for Stripe by others, on a free port; prints one line with its address when it is ready.

Its packages live in a folder of their own, and this program is started with that folder as PYTHONPATH: `.clients/localstripe`. It is
started without its own command, which listens on every interface and keeps its books in one file for all processes.
"""

from __future__ import annotations

import socket

from aiohttp import web
from localstripe.resources import Store
from localstripe.server import app


def main() -> None:
    """Serve until stopped."""
    Store.dump_to_disk = lambda _: None
    bound = socket.socket()
    bound.bind(("127.0.0.1", 0))
    print(f"localstripe at http://127.0.0.1:{bound.getsockname()[1]}", flush=True)
    web.run_app(app, sock=bound, access_log=None, print=None)


if __name__ == "__main__":
    main()
