"""POST to an address that a merchant chose, safely: what a merchant writes into a URL must not open our network.

A name is resolved once (`names.py`), all its addresses are judged (`addresses.py`), and the connection goes to a judged one, while
`Host` and TLS still speak of the name: nothing can change in between. No redirects, no cookies, no proxies from the
environment; the time for one request is bounded as a whole, and so is what is read of the answer.

Connections of live and test organizations never mix: one opened under the laxer rule must not be used under the other.
"""

from __future__ import annotations

import asyncio
import contextlib
import ssl
import time
from collections.abc import Iterable, Mapping, Sequence
from contextvars import ContextVar
from dataclasses import dataclass, field
from uuid import UUID

import httpcore2
import httpx2

from checkstand.domain.organization import Mode
from checkstand.ops.addresses import may_reach_private, why_refused
from checkstand.webhooks.names import Resolve, Resolver

LONGEST_TEXT = 2048
MOST_BYTES = 4 * LONGEST_TEXT
# As many as there are deliveries at a time (worker/lanes.py): nobody waits here for somebody else's connection.
MOST_CONNECTIONS = 256
MOST_IDLE_CONNECTIONS = 32
# Shorter than servers commonly keep an idle connection open, so that a delivery does not meet one that is just closing.
IDLE_S = 2.0
CONNECT_S = 4.0
MOST_ADDRESSES = 4
SocketOption = tuple[int, int, int] | tuple[int, int, bytes | bytearray] | tuple[int, int, None, int]
# Whose request is under way: the pool opens a connection in the task of the request that needs it.
_owner: ContextVar[UUID] = ContextVar("owner")


class Refused(Exception):
    """The address must not be called; the message says why. `is_final`: no later try can change that."""

    def __init__(self, message: str, *, is_final: bool = False) -> None:
        super().__init__(message)
        self.is_final = is_final


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """What came of one request. `status` is None when there was no answer; `text` is its beginning, or what went wrong."""

    status: int | None
    text: str
    duration_ms: int
    is_final: bool = False

    @property
    def is_success(self) -> bool:
        return self.status is not None and 200 <= self.status < 300


class PinnedBackend(httpcore2.AsyncNetworkBackend):
    """Connects to judged addresses only."""

    def __init__(self, resolve: Resolve, *, allows_private: bool) -> None:
        self._resolve = resolve
        self._allows_private = allows_private
        self._inner = httpcore2.AnyIOBackend()

    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,  # noqa: ASYNC109 - the library's interface
        local_address: str | None = None,
        socket_options: Iterable[SocketOption] | None = None,
    ) -> httpcore2.AsyncNetworkStream:
        addresses = await self._judged(host, port)
        within = CONNECT_S if len(addresses) > 1 else timeout
        failure: Exception | None = None
        for address in addresses[:MOST_ADDRESSES]:
            try:
                return await self._inner.connect_tcp(
                    address, port, timeout=within, local_address=local_address, socket_options=socket_options
                )
            except (httpcore2.ConnectError, httpcore2.ConnectTimeout) as error:
                failure = error
        raise failure or httpcore2.ConnectError(f"{host} has no address.")

    async def _judged(self, host: str, port: int) -> Sequence[str]:
        try:
            addresses = await self._resolve(_owner.get(), host, port)
        except UnicodeError as error:
            raise Refused(f"{host} is not a valid host name.", is_final=True) from error
        except OSError as error:
            raise httpcore2.ConnectError(f"The name {host} cannot be resolved: {error.strerror or error}.") from error
        for address in addresses:
            reason = why_refused(address, allows_private=self._allows_private)
            if reason:
                raise Refused(f"Webhooks are not sent to {host}: {reason}")
        return addresses

    async def connect_unix_socket(
        self,
        path: str,
        timeout: float | None = None,  # noqa: ASYNC109 - the library's interface
        socket_options: Iterable[SocketOption] | None = None,
    ) -> httpcore2.AsyncNetworkStream:
        raise Refused(f"Webhooks are not sent to local sockets ({path}).")

    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(seconds)


@dataclass(slots=True)
class SafeHttp:
    """One pool of connections for each mode, opened when first needed. `tls` and `resolve` are replaced in tests.

    `private`: test organizations reach this machine and its network. Without `tls`, certificates are checked against the system's
    authorities.
    """

    private: bool = False
    resolve: Resolve = field(default_factory=Resolver)
    tls: ssl.SSLContext | None = None
    _pools: dict[Mode, httpcore2.AsyncConnectionPool] = field(default_factory=dict)

    async def post(
        self, url: str, headers: Mapping[str, str], body: bytes, *, owner: UUID, mode: Mode, within_s: float
    ) -> Reply:
        """Send for an organization, and say what came back. Trouble of any kind is told in the reply, never raised."""
        started = time.monotonic()
        _owner.set(owner)
        status: int | None = None
        answer = bytearray()
        location = b""
        trouble, is_final = "", False
        try:
            async with asyncio.timeout(within_s), self._open(url, headers, body, mode) as response:
                status = response.status
                location = next((value for name, value in response.headers if name.lower() == b"location"), b"")
                async with contextlib.aclosing(response.aiter_stream()) as stream:
                    async for chunk in stream:
                        answer += chunk
                        if len(answer) >= MOST_BYTES:
                            break
        except TimeoutError:
            trouble = f"No answer within {within_s:g} seconds."
        except Refused as refused:
            trouble, is_final = str(refused), refused.is_final
        except (httpcore2.NetworkError, httpcore2.ProtocolError, httpcore2.TimeoutException, OSError) as error:
            trouble = f"{type(error).__name__}: {error}".rstrip(": ")
        # Once there is a status it counts, whatever became of the body.
        text = _text(answer) or trouble or _about_redirect(status, location)
        duration_ms = round((time.monotonic() - started) * 1000)
        return Reply(status=status, text=text, duration_ms=duration_ms, is_final=is_final and status is None)

    def _open(
        self, url: str, headers: Mapping[str, str], body: bytes, mode: Mode
    ) -> contextlib.AbstractAsyncContextManager[httpcore2.Response]:
        target, host = _target(url, mode)
        try:
            encoded = [(b"host", host), *((name.encode("ascii"), text.encode()) for name, text in headers.items())]
        except UnicodeEncodeError as error:
            raise Refused("A header's name has characters that are not allowed.", is_final=True) from error
        return self._pool(mode).stream("POST", target, headers=encoded, content=body)

    def _pool(self, mode: Mode) -> httpcore2.AsyncConnectionPool:
        pool = self._pools.get(mode)
        if pool is None:
            pool = self._pools[mode] = httpcore2.AsyncConnectionPool(
                ssl_context=self.tls or httpx2.create_ssl_context(),
                max_connections=MOST_CONNECTIONS,
                max_keepalive_connections=MOST_IDLE_CONNECTIONS,
                keepalive_expiry=IDLE_S,
                network_backend=PinnedBackend(
                    self.resolve, allows_private=may_reach_private(mode, allowed_here=self.private)
                ),
            )
        return pool

    async def aclose(self) -> None:
        """Close all connections; the next request opens new ones."""
        pools, self._pools = list(self._pools.values()), {}
        for pool in pools:
            await pool.aclose()


def _target(url: str, mode: Mode) -> tuple[httpcore2.URL, bytes]:
    """The address to call and the Host to name. Raises Refused for one that can never be called."""
    try:
        parsed = httpx2.URL(url)
    except (httpx2.InvalidURL, ValueError) as error:
        raise Refused(f"The endpoint's URL is not valid: {error}", is_final=True) from error
    if parsed.scheme not in ("http", "https") or not parsed.raw_host:
        raise Refused("The endpoint's URL must begin with https:// and name a host.", is_final=True)
    if mode == "live" and parsed.scheme != "https":
        raise Refused("Live webhooks are sent over https only.", is_final=True)
    target = httpcore2.URL(scheme=parsed.raw_scheme, host=parsed.raw_host, port=parsed.port, target=parsed.raw_path)
    return target, parsed.netloc


def _text(answer: bytearray) -> str:
    """The beginning of an answer as text that PostgreSQL can store."""
    return bytes(answer).decode("utf-8", "replace").replace("\0", "\ufffd")[:LONGEST_TEXT]


def _about_redirect(status: int | None, location: bytes) -> str:
    if status is None or not 300 <= status < 400:
        return ""
    return f"Redirects are not followed (to {location.decode('utf-8', 'replace')[:500]})."
