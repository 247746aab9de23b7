"""Answers of the service: JSON, and one sentence for what is refused."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping, MutableMapping
from contextlib import suppress
from typing import Any

from pydantic_core import to_json

from bothways.errors import BothwaysError

Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]

JSON = b"application/json"

# Seconds for which the rest of a refused body is taken.
_LINGER = 2.0


class Refused(BothwaysError):
    """A request that is not answered: an HTTP status, and a sentence that says why.

    `unread`: the client may still be sending the body.
    """

    def __init__(self, status: int, sentence: str, *, unread: bool = False, **headers: str) -> None:
        super().__init__(sentence)
        self.status, self.unread = status, unread
        self.headers = headers


def busy(what: str, *, unread: bool = False) -> Refused:
    """More than the service can take at the moment: 429, and when to come back."""
    sentence = f"too much is waiting ({what}); come back in a second"
    return Refused(429, sentence, unread=unread, retry_after="1")


def problem(sentence: str) -> bytes:
    """The body of an answer that says what went wrong."""
    return to_json({"error": sentence})


async def reply(
    send: Send,
    body: bytes,
    *,
    status: int = 200,
    kind: bytes = JSON,
    headers: Mapping[str, str] | None = None,
    last: bool = True,
) -> None:
    """Send a whole answer. With `last=False` the request stays open, for what still arrives."""
    lines = [(b"content-type", kind), (b"content-length", b"%d" % len(body))]
    lines += [(k.replace("_", "-").encode(), v.encode()) for k, v in (headers or {}).items()]
    await send({"type": "http.response.start", "status": status, "headers": lines})
    await send({"type": "http.response.body", "body": body, "more_body": not last})


async def refuse(error: Refused, receive: Receive, send: Send) -> None:
    """Answer with the sentence, and let a client that is still sending read it.

    A connection that is closed with bytes unread is reset, and the answer lost with it. So what
    still comes is taken for a while, and thrown away.
    """
    body, headers = problem(str(error)), error.headers
    if not error.unread:
        await reply(send, body, status=error.status, headers=headers)
        return
    headers = {**headers, "connection": "close"}
    await reply(send, body, status=error.status, headers=headers, last=False)
    await let_go(receive)
    await send({"type": "http.response.body", "body": b""})


async def let_go(receive: Receive) -> None:
    """Take what a client is still sending, for a while, and throw it away."""
    with suppress(TimeoutError):
        async with asyncio.timeout(_LINGER):
            while (await receive()).get("more_body"):
                pass
