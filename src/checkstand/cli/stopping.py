"""How a long-running command ends: SIGINT (Ctrl-C) and SIGTERM mean the same, and what was started is stopped.

Three phases: while things are being started, a signal interrupts the start; while the loop runs, it sets an event;
while things are being stopped, it is ignored, since a half-stopped database helps nobody.
"""

from __future__ import annotations

import asyncio
import contextlib
import signal
from collections.abc import Coroutine, Iterator
from types import FrameType

SIGNALS = (signal.SIGINT, signal.SIGTERM)


_while_importing: list[int] = []


@contextlib.contextmanager
def interruptible() -> Iterator[None]:
    """Inside, SIGTERM raises KeyboardInterrupt as Ctrl-C does; while modules are being imported, only when that is over.

    What is raised in the midst of an import may be lost (Python ignores what a callback raises), or end the process by SIGINT although
    it was caught.
    """

    def interrupt(number: int, frame: FrameType | None) -> None:
        if _is_importing(frame):
            _while_importing.append(number)
        else:
            raise KeyboardInterrupt

    before = [(number, signal.signal(number, interrupt)) for number in SIGNALS]
    try:
        yield
    finally:
        for number, handler in before:
            signal.signal(number, handler)


def _is_importing(frame: FrameType | None) -> bool:
    while frame is not None:
        if frame.f_code.co_filename == "<frozen importlib._bootstrap>":
            return True
        frame = frame.f_back
    return False


def ignore_signals() -> None:
    """The end has begun, and takes a bounded time."""
    for number in SIGNALS:
        signal.signal(number, signal.SIG_IGN)


def stop_event() -> asyncio.Event:
    """An event of the running loop that a signal sets. Raises KeyboardInterrupt when one came while modules were being imported."""
    if _while_importing:
        raise KeyboardInterrupt
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in SIGNALS:
        loop.add_signal_handler(number, stop.set)
    return stop


async def run_until(
    stop: asyncio.Event, work: Coroutine[object, object, object], *beside: Coroutine[object, object, object]
) -> None:
    """Run `work` until it ends by itself, as it does soon after `stop`; what runs beside it is cancelled then.

    When something beside it fails, everything stops and the failure is raised.
    """
    tasks = [asyncio.ensure_future(one) for one in beside]
    for task in tasks:
        task.add_done_callback(lambda _task: stop.set())
    try:
        await work
    finally:
        for task in tasks:
            task.cancel()
        results = await asyncio.gather(*tasks, return_exceptions=True)
    for result in results:
        if isinstance(result, Exception):
            raise result
