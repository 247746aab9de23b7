"""The body of a request, read within its limits."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager

from bothways.serving._answers import Receive, Refused, busy
from bothways.serving._limits import Limits


class Gone(Exception):
    """The client went away; nobody waits for an answer."""


class Held:
    """Bytes of bodies that are in memory, of all requests together."""

    def __init__(self, most: int) -> None:
        self.most, self.bytes = most, 0

    @contextmanager
    def room(self) -> Iterator[Room]:
        """Room for one body, given back at the end."""
        room = Room(self)
        try:
            yield room
        finally:
            self.bytes -= room.taken


class Room:
    """What one request has taken of it."""

    __slots__ = ("_of", "taken")

    def __init__(self, of: Held) -> None:
        self._of, self.taken = of, 0

    def take(self, size: int) -> None:
        """Take `size` bytes more. Raises `Refused` (429) if all is taken."""
        if size > 0 and self._of.bytes + size > self._of.most:
            raise busy(f"{self._of.most:,} bytes", unread=True)
        self._of.bytes += size
        self.taken += size

    def hold(self, size: int) -> None:
        """Have `size` bytes, neither more nor less. Raises `Refused` (429) if all is taken."""
        self.take(size - self.taken)


async def whole_body(receive: Receive, room: Room, limits: Limits) -> bytes:
    """All bytes of the body.

    Raises `Refused` for one that is too large (413) or too slow (408), `Gone` if the client went.
    """
    try:
        async with asyncio.timeout(limits.receive_seconds):
            message = await receive()
            parts = []
            while True:
                if message["type"] == "http.disconnect":
                    raise Gone
                parts.append(message.get("body", b""))
                room.take(len(parts[-1]))
                if room.taken > limits.body:
                    raise too_large(limits)
                if not message.get("more_body"):
                    return b"".join(parts)
                message = await receive()
    except TimeoutError:
        raise Refused(
            408, f"the body was not there within {limits.receive_seconds:g} seconds", unread=True
        ) from None


def too_large(limits: Limits, length: int | None = None) -> Refused:
    """The sentence for a body that is too long, or says it will be."""
    of = "" if length is None else f" of {length:,} bytes"
    return Refused(
        413,
        f"the body{of} is too large: at most {limits.body:,} bytes; send the texts in parts",
        unread=True,
    )
