"""What every request passes: who may ask, how much and how long, and what is counted."""

from __future__ import annotations

import asyncio
import hmac
import logging
from collections.abc import Mapping
from time import perf_counter
from typing import Any

from bothways.serving._answers import Message, Receive, Refused, Send, refuse
from bothways.serving._body import Gone, too_large
from bothways.serving._route import Handler
from bothways.serving._service import Service

log = logging.getLogger("bothways.serving")

FAULT = Refused(500, "the service failed; its log says why")

# Without a token: whether the service lives, and the page, which asks for the token itself.
_OPEN = ("/health/", "/page/")


class Guard:
    """The outermost application.

    `direct` are the handlers of paths that are answered at once; `app` has all others.
    """

    def __init__(
        self,
        app: Any,
        service: Service,
        *,
        direct: Mapping[tuple[str, str], Handler],
        known: frozenset[str],
        token: str | None,
    ) -> None:
        self._app, self._service, self._direct, self._known = app, service, direct, known
        self._token = None if token is None else f"Bearer {token}".encode()

    async def __call__(self, scope: Message, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        start, status = perf_counter(), 0

        async def sent(message: Message) -> None:
            nonlocal status
            status = message.get("status", status)
            await send(message)

        path = scope["path"]
        try:
            await self._answer(scope, receive, sent)
        except Gone:
            status = 499  # nobody is there to read it; the number is for the counters
        except Refused as error:
            if not status:  # of an answer that has begun no other can be made
                await refuse(error, receive, sent)
        except Exception:
            log.exception("a request to %r failed", path[:80])
            if not status:
                await refuse(FAULT, receive, sent)
        self._service.metrics.answered(
            path if path in self._known else "other", status, perf_counter() - start
        )

    async def _answer(self, scope: Message, receive: Receive, send: Send) -> None:
        self._admit(scope)
        handler = self._direct.get((scope["method"], scope["path"]), self._app)
        seconds = self._service.limits.seconds
        if scope["path"] == "/lines":  # a stream has limits for each of its lines
            await handler(scope, receive, send)
            return
        try:
            async with asyncio.timeout(seconds):
                await handler(scope, receive, send)
        except TimeoutError:
            raise Refused(
                503, f"there was no answer within {seconds:g} seconds; come back", retry_after="5"
            ) from None

    def _admit(self, scope: Message) -> None:
        """Raise `Refused` for what its head alone forbids."""
        path, authorization = scope["path"], b""
        for name, value in scope["headers"]:
            if name == b"content-length":
                if path != "/lines" and int(value) > self._service.limits.body:
                    raise too_large(self._service.limits, int(value))
            elif name == b"authorization":
                authorization = value
            elif name == b"content-encoding" and value.lower() != b"identity":
                got = value.decode("latin-1")[:80]
                raise Refused(
                    415, f"got a body in the encoding {got!r}, expected it as it is", unread=True
                )
        if self._token is None or path == "/" or path.startswith(_OPEN):
            return
        if not hmac.compare_digest(authorization, self._token):
            raise Refused(
                401,
                "this service asks for a token: send it as Authorization: Bearer TOKEN",
                unread=True,
                www_authenticate="Bearer",
            )
