"""Calling addresses that others chose: what is refused, what is followed, what is bounded."""

from __future__ import annotations

import asyncio
import doctest
import ssl
import time
from collections.abc import Sequence
from pathlib import Path
from uuid import UUID, uuid4

import pytest

from checkstand.domain.organization import Mode
from checkstand.ops import addresses
from checkstand.ops.addresses import why_refused
from checkstand.webhooks.safe_http import Reply, SafeHttp
from tests.tables import table
from tests.webhooks.receiver import Answer, Received, always, receiving

CERTIFICATE = Path(__file__).parent / "hooks_test.pem"  # of the name hooks.test, for these tests alone
OWNER = uuid4()


async def post(url: str, *, mode: Mode = "test", within_s: float = 5.0, http: SafeHttp | None = None) -> Reply:
    http = http or SafeHttp(private=True)
    try:
        return await http.post(url, {"x-note": "hello"}, b"{}", owner=OWNER, mode=mode, within_s=within_s)
    finally:
        await http.aclose()


def resolving_to(*found: str) -> SafeHttp:
    async def resolve(_owner: UUID, _host: str, _port: int) -> Sequence[str]:
        return found

    return SafeHttp(private=True, resolve=resolve)


def test_the_examples_hold() -> None:
    assert doctest.testmod(addresses).failed == 0


@table(
    "host",
    [
        "127.0.0.1",
        "127.1",
        "2130706433",
        "0x7f000001",
        "0177.0.0.1",
        "10.1.2.3",
        "192.168.0.1",
        "172.16.0.1",
        "169.254.169.254",
        "0xa9fea9fe",
        "100.64.0.1",
        "0.0.0.0",
        "[::1]",
        "[::]",
        "[::ffff:127.0.0.1]",
        "[::ffff:a9fe:a9fe]",
        "[fe80::1]",
        "[fd00:ec2::254]",
        "[64:ff9b::7f00:1]",
        "[2002:7f00:1::]",
        "[64:ff9b:1::808:808]",
        "[::127.0.0.1]",
        "[::8.8.8.8]",
        "[::ffff:0:127.0.0.1]",
        "[fec0::1]",
        "[3fff::1]",
        "[5f00::1]",
        "224.0.0.1",
        "localhost",
    ],
)
def test_a_live_organization_reaches_no_private_address_in_any_spelling(host: str) -> None:
    reply = asyncio.run(post(f"https://{host}:9/hook", mode="live"))
    assert reply.status is None
    assert reply.text.startswith(("Webhooks are not sent to", "The endpoint's URL is not valid"))


@table("address", ["127.0.0.1", "10.0.0.5", "169.254.169.254", "::1", "fd12::1"])
def test_a_name_that_leads_to_a_private_address_is_refused(address: str) -> None:
    reply = asyncio.run(post("https://hooks.example.com/", mode="live", http=resolving_to("93.184.215.14", address)))
    assert reply.status is None
    assert reply.text.startswith("Webhooks are not sent to hooks.example.com:")


@table("host", ["127.0.0.1", "localhost", "10.1.2.3", "[::1]", "[fd12::1]"])
def test_a_test_organization_reaches_private_addresses_only_where_the_server_allows_it(host: str) -> None:
    reply = asyncio.run(post(f"http://{host}:9/hook", http=SafeHttp(private=False)))
    assert reply.text.startswith("Webhooks are not sent to")
    assert not is_refused_with_leave(host)


def is_refused_with_leave(host: str) -> bool:
    """Whether it is refused although private addresses are allowed. Nothing is called: port 9 of this machine alone is tried."""
    if host != "localhost":
        return why_refused(host.strip("[]"), allows_private=True) is not None
    return "not sent" in asyncio.run(post(f"http://{host}:9/hook")).text


@table(
    "host",
    [
        "169.254.169.254",
        "[fe80::1]",
        "100.64.0.1",
        "100.100.100.200",
        "198.18.0.1",
        "192.0.0.192",
        "[fd00:ec2::254]",
        "[64:ff9b:1::a9fe:a9fe]",
        "[::169.254.169.254]",
        "[::ffff:0:169.254.169.254]",
        "[fec0::1]",
        "0.0.0.0",
        "239.1.1.1",
    ],
)
def test_even_a_test_organization_reaches_no_metadata_service(host: str) -> None:
    assert "Webhooks are not sent to" in asyncio.run(post(f"http://{host}/latest/meta-data")).text


def test_public_addresses_are_allowed_to_live_organizations() -> None:
    for address in ("93.184.215.14", "2606:2800:21f:cb07:6820:80da:af6b:8b2c", "1.1.1.1"):
        assert why_refused(address, allows_private=False) is None


def test_live_webhooks_need_https() -> None:
    reply = asyncio.run(post("http://93.184.215.14/hook", mode="live"))
    assert (reply.status, reply.is_final) == (None, True)
    assert "https" in reply.text


@table("url", ["ftp://example.com/", "file:///etc/passwd", "https://", "not a url", "http://[::1"])
def test_what_can_never_be_called_is_given_up_at_once(url: str) -> None:
    reply = asyncio.run(post(url))
    assert (reply.status, reply.is_final) == (None, True)


def test_a_name_is_resolved_once_for_one_connection_and_kept_as_host() -> None:
    async def story() -> None:
        asked: list[str] = []

        async def resolve(_owner: UUID, host: str, _port: int) -> Sequence[str]:
            asked.append(host)
            return ["127.0.0.1"]

        async with receiving() as receiver:
            url = f"http://hooks.test:{receiver.port}/a?b=c"
            reply = await post(url, http=SafeHttp(private=True, resolve=resolve))
            assert (reply.status, reply.text) == (200, "ok")
            assert asked == ["hooks.test"]
            assert receiver.received[0].headers["host"] == f"hooks.test:{receiver.port}"
            assert receiver.paths() == ["/a?b=c"]

    asyncio.run(story())


def test_the_certificate_is_checked_against_the_name_not_the_address() -> None:
    async def story() -> None:
        ours = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        ours.load_cert_chain(CERTIFICATE)
        names: list[str | None] = []
        ours.sni_callback = lambda _socket, name, _context: names.append(name)

        async def resolve(_owner: UUID, _host: str, _port: int) -> Sequence[str]:
            return ["127.0.0.1"]

        async with receiving(tls=ours) as receiver:
            trusting = ssl.create_default_context(cafile=str(CERTIFICATE))
            good = await post(
                f"https://hooks.test:{receiver.port}/", http=SafeHttp(private=True, resolve=resolve, tls=trusting)
            )
            other = await post(
                f"https://other.test:{receiver.port}/", http=SafeHttp(private=True, resolve=resolve, tls=trusting)
            )
            unknown = await post(f"https://hooks.test:{receiver.port}/", http=SafeHttp(private=True, resolve=resolve))
        assert good.status == 200
        assert names[0] == "hooks.test"
        assert other.status is None
        assert "certificate" in other.text.lower()
        assert unknown.status is None

    asyncio.run(story())


def test_a_redirect_is_not_followed() -> None:
    async def story() -> None:
        for name in ("location", "Location"):
            moved = Answer(status=302, body=b"", headers={name: "http://169.254.169.254/"})
            async with receiving(lambda _request, _count, moved=moved: moved) as receiver:
                reply = await post(receiver.url)
                assert (reply.status, reply.is_success) == (302, False)
                assert reply.text == "Redirects are not followed (to http://169.254.169.254/)."
                assert len(receiver.received) == 1

    asyncio.run(story())


def test_a_slow_receiver_is_left_after_the_time_allowed() -> None:
    async def story() -> None:
        async with receiving(lambda _request, _count: Answer(after_s=5.0)) as receiver:
            began = time.monotonic()
            reply = await post(receiver.url, within_s=0.3)
            assert time.monotonic() - began < 2.0
            assert (reply.status, reply.text) == (None, "No answer within 0.3 seconds.")

    asyncio.run(story())


def test_an_endless_answer_is_read_to_its_beginning_only() -> None:
    async def story() -> None:
        async with receiving(always(500, "é".encode() * 3_000_000)) as receiver:
            reply = await post(receiver.url)
            assert (reply.status, reply.text) == (500, "é" * 2048)

    asyncio.run(story())


def test_a_body_that_drips_does_not_hold_up_an_answer_that_came() -> None:
    async def drip(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 204 No Content\r\ncontent-length: 1000\r\n\r\nx")
        await asyncio.sleep(6)
        writer.close()

    async def story() -> None:
        server = await asyncio.start_server(drip, "127.0.0.1", 0)
        port = server.sockets[0].getsockname()[1]
        reply = await post(f"http://127.0.0.1:{port}/", within_s=2.0)
        server.close()
        assert reply.is_success

    asyncio.run(story())


def test_bytes_that_a_database_cannot_keep_are_replaced() -> None:
    async def story() -> None:
        async with receiving(always(200, b"a\0b\xff")) as receiver:
            assert (await post(receiver.url)).text == "a\ufffdb\ufffd"

    asyncio.run(story())


def test_nobody_listening_is_told_in_words() -> None:
    reply = asyncio.run(post("http://127.0.0.1:9/"))
    assert reply.status is None
    assert reply.text.startswith("ConnectError")


def test_a_proxy_from_the_environment_is_not_used(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9")
    monkeypatch.setenv("ALL_PROXY", "http://127.0.0.1:9")

    async def story() -> None:
        async with receiving() as receiver:
            assert (await post(receiver.url)).status == 200

    asyncio.run(story())


def test_a_header_that_would_smuggle_another_is_refused() -> None:
    async def story() -> None:
        http = SafeHttp(private=True)
        async with receiving() as receiver:
            reply = await http.post(receiver.url, {"x-a": "1\r\nx-b: 2"}, b"{}", owner=OWNER, mode="test", within_s=2)
            assert reply.status is None
            assert receiver.received == []
        await http.aclose()

    asyncio.run(story())


def test_a_connection_that_a_test_organization_opened_is_not_used_for_a_live_one() -> None:
    async def story() -> None:
        async def resolve(_owner: UUID, _host: str, _port: int) -> Sequence[str]:
            return ["127.0.0.1"]

        ours = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        ours.load_cert_chain(CERTIFICATE)
        http = SafeHttp(private=True, resolve=resolve, tls=ssl.create_default_context(cafile=str(CERTIFICATE)))
        seen: list[Received] = []
        async with receiving(tls=ours) as receiver:
            url = f"https://hooks.test:{receiver.port}/"
            first = await http.post(url, {}, b"{}", owner=OWNER, mode="test", within_s=2)
            second = await http.post(url, {}, b"{}", owner=OWNER, mode="live", within_s=2)
            seen += receiver.received
            await http.aclose()
        assert (first.status, second.status, len(seen)) == (200, None, 1)

    asyncio.run(story())
