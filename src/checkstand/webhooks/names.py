"""Looking host names up: as the operating system does it, beside everything else, and with a share for each organization.

Whoever owns a name decides how long the answer takes. The system's own function knows hosts files, search lists and local names, but
cannot be stopped: so each look-up has a thread of its own that nobody waits for longer than `WITHIN_S`, and the organization's place
is held until the thread has really ended. The process's common threads, which hash passwords and draw images, are never used.
"""

from __future__ import annotations

import asyncio
import contextlib
import functools
import socket
import threading
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from uuid import UUID

from checkstand.ops.shares import Shares

# Beyond the first pause of the system's own resolver (5 s), after which it asks the next server.
WITHIN_S = 8.0
MOST_THREADS = 128
MOST_THREADS_OF_ONE = 16
LookUp = Callable[[str, int], Sequence[str]]
Resolve = Callable[[UUID, str, int], Awaitable[Sequence[str]]]
Answer = Sequence[str] | Exception


def system_look_up(host: str, port: int) -> Sequence[str]:
    """All addresses of a name, as the operating system orders them. Blocks; raises OSError, or UnicodeError for what is no name."""
    return _addresses(host, port)


def _addresses(host: str, port: int, flags: int = 0) -> Sequence[str]:
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=flags)
    return list(dict.fromkeys(str(entry[4][0]) for entry in found))


@dataclass(slots=True)
class Resolver:
    """Satisfies `Resolve`. `look_up` is what runs in the threads; replaced in tests."""

    look_up: LookUp = system_look_up
    within_s: float = WITHIN_S
    shares: Shares = field(default_factory=lambda: Shares(places=MOST_THREADS, most_of_one=MOST_THREADS_OF_ONE))
    _under_way: dict[tuple[UUID, str, int], asyncio.Task[Answer]] = field(default_factory=dict)

    async def __call__(self, owner: UUID, host: str, port: int) -> Sequence[str]:
        """The addresses of a name. Raises OSError (TimeoutError too), UnicodeError."""
        with contextlib.suppress(OSError):
            return _addresses(host, port, socket.AI_NUMERICHOST)  # asks nobody
        # Several deliveries to one name ask once. Whoever asks again after a time-out meets the same look-up.
        key = (owner, host, port)
        task = self._under_way.get(key)
        if task is None:
            task = self._under_way[key] = asyncio.create_task(self._ask(owner, host, port))
            task.add_done_callback(lambda _ended: self._under_way.pop(key, None))
        try:
            async with asyncio.timeout(self.within_s):
                answer = await asyncio.shield(task)
        except TimeoutError:
            raise TimeoutError(f"no answer within {self.within_s:g} seconds") from None
        if isinstance(answer, Exception):
            raise answer
        return answer

    async def _ask(self, owner: UUID, host: str, port: int) -> Answer:
        """What the look-up gave or raised, once it ended: it may outlive its caller."""
        await self.shares.wait(owner)
        try:
            return await _in_a_thread(functools.partial(self.look_up, host, port))
        except Exception as error:  # noqa: BLE001 - raised again where somebody waits for it
            return error
        finally:
            self.shares.release(owner)


async def _in_a_thread(call: Callable[[], Sequence[str]]) -> Sequence[str]:
    """Run something that blocks in a thread of its own, which does not keep the process from ending."""
    loop = asyncio.get_running_loop()
    done: asyncio.Future[Sequence[str]] = loop.create_future()

    def tell(found: Sequence[str] | None, error: Exception | None) -> None:
        if done.done():
            return
        if error is not None:
            done.set_exception(error)
        else:
            done.set_result(found or ())

    def run() -> None:
        found, failure = None, None
        try:
            found = call()
        except Exception as error:  # noqa: BLE001 - handed to whoever waits
            failure = error
        with contextlib.suppress(RuntimeError):  # the loop has ended meanwhile
            loop.call_soon_threadsafe(tell, found, failure)

    try:
        threading.Thread(target=run, name="names", daemon=True).start()
    except RuntimeError as error:
        raise OSError("no thread is left for looking names up") from error
    return await done
