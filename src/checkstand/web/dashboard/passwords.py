"""Checking passwords. Argon2id is slow on purpose, so how many checks may wait is bounded, in all and for one address.

They run in threads of their own, as many as take a part of the processors: neither the event loop nor the machine is taken by
somebody who guesses.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from checkstand.ops.bounds import MOST_PASSWORD_CHECKS, MOST_PASSWORD_CHECKS_OF_ADDRESS

LONGEST_PASSWORD = 1024
# The hash of a password that nobody has: an unknown e-mail costs as much work as a known one.
NOBODY = "$argon2id$v=19$m=65536,t=3,p=4$JoSiTedHqZSINnASNsYDUw$yFeTmtKar58ePPH/oBPknEJk1y4NzurarNhWOn1Yp6A"
_hasher = PasswordHasher()
_MOST_AT_ONCE = 2


class TooBusy(Exception):
    """So many passwords are being checked that this one has to come again."""


class PasswordChecks:
    """The threads, and who waits for them."""

    def __init__(self) -> None:
        at_once = max(1, min(_MOST_AT_ONCE, (os.cpu_count() or 1) // _hasher.parallelism))
        self._threads = ThreadPoolExecutor(max_workers=at_once, thread_name_prefix="password")
        self._underway: Counter[str] = Counter()

    def underway(self, address: str) -> int:
        """How many checks for an address are not finished."""
        return self._underway[address]

    @contextlib.contextmanager
    def place(self, address: str) -> Iterator[None]:
        """A place in the queue. Raises TooBusy when there is none, in all or for this address."""
        of_address = self._underway[address]
        if of_address >= MOST_PASSWORD_CHECKS_OF_ADDRESS or self._underway.total() >= MOST_PASSWORD_CHECKS:
            raise TooBusy
        self._underway[address] = of_address + 1
        try:
            yield
        finally:
            self._underway[address] -= 1
            if not self._underway[address]:
                del self._underway[address]

    async def fits(self, known_hash: str, password: str) -> bool:
        """Whether a hash is this password's. One that is too long to be stored is not hashed."""
        loop = asyncio.get_running_loop()
        return len(password) <= LONGEST_PASSWORD and await loop.run_in_executor(
            self._threads, _fits, known_hash, password
        )

    async def renewed(self, known_hash: str, password: str) -> str | None:
        """A new hash of the password where the old one was made with less work than is asked for now."""
        if not _hasher.check_needs_rehash(known_hash):
            return None
        return await asyncio.get_running_loop().run_in_executor(self._threads, _hasher.hash, password)


def _fits(known_hash: str, password: str) -> bool:
    try:
        return _hasher.verify(known_hash, password)
    except (VerificationError, InvalidHashError):
        return False
