"""`python -m fakes.stripe`: serves until it is told to stop; prints one line with its address when it is ready."""

from __future__ import annotations

import argparse
import asyncio
import socket

import uvicorn

from fakes.stripe.api import create_app
from fakes.stripe.news import Subscription


def main() -> None:
    """Read the options and serve."""
    parser = argparse.ArgumentParser(prog="python -m fakes.stripe", description="A stand-in for Stripe.")
    parser.add_argument("--port", type=int, default=12111, help="0 picks a free one")
    parser.add_argument("--webhook-url", default="", help="where events are sent")
    parser.add_argument("--webhook-secret", default="whsec_fake_stripe_secret", help="what they are signed with")
    given = parser.parse_args()
    bound = socket.socket()
    bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    bound.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    bound.bind(("127.0.0.1", given.port))
    bound.listen()  # who reads the line below may call at once
    url = f"http://127.0.0.1:{bound.getsockname()[1]}"
    app = create_app(url, Subscription(given.webhook_url, given.webhook_secret) if given.webhook_url else None)
    config = uvicorn.Config(app, log_level="warning", http="httptools", timeout_graceful_shutdown=1)
    print(f"fake Stripe at {url}", flush=True)
    asyncio.run(uvicorn.Server(config).serve(sockets=[bound]))


if __name__ == "__main__":
    main()
