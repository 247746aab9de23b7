"""Online reading over a WebSocket: pieces of a text in, an answer for each token out."""

from __future__ import annotations

import asyncio
import hmac
import logging
from collections.abc import Sequence
from typing import Annotated, Any, Literal
from urllib.parse import urlsplit

from pydantic import BeforeValidator, Field
from starlette.routing import WebSocketRoute
from starlette.websockets import WebSocket, WebSocketDisconnect

from bothways.artifact import FARTHEST
from bothways.errors import ArgumentError
from bothways.runtime import Answers, Stream
from bothways.serving._answers import Refused, problem
from bothways.serving._limits import READ_WORD_BY_WORD
from bothways.serving._schemas import Name, Strict, parse, whole
from bothways.serving._service import Service

log = logging.getLogger("bothways.serving")

# Seconds without a word after which a reader is taken to have gone.
_SILENCE = 300.0
# WebSocket close codes (RFC 6455): a policy is not kept; nothing more is to come.
_POLICY, _DONE = 1008, 1000


class Hello(Strict):
    """The first message: what shall read, and how (`bothways.Stream`)."""

    model: Name = None
    reading: Literal["forward", "prefix"] = "forward"
    lookahead: Annotated[int, Field(ge=0, le=FARTHEST), BeforeValidator(whole)] | None = None
    token: str | None = None


class Piece(Strict):
    """A piece of the text, which may end within a word; with `end` it was the last one."""

    text: str = ""
    end: bool = False


def socket_route(service: Service, token: str | None, origins: Sequence[str]) -> WebSocketRoute:
    """`/stream`. Pages of other origins are refused, as browsers do not do it here."""

    async def stream(socket: WebSocket) -> None:
        if not _same_origin(socket, origins):
            await socket.close(_POLICY)  # before it is accepted: 403
            return
        await socket.accept()
        try:
            await _read_on(service, socket, token)
        except Refused as error:
            await socket.send_text(problem(str(error)).decode())
            await socket.close(_POLICY)
        except TimeoutError:
            await socket.send_text(problem("nothing came for a while").decode())
            await socket.close(_DONE)
        except WebSocketDisconnect:
            pass
        except Exception:
            log.exception("a stream failed")
            raise

    return WebSocketRoute("/stream", stream)


async def _read_on(service: Service, socket: WebSocket, token: str | None) -> None:
    """Answer pieces until the client goes. Raises `Refused` for a first message that is not as it
    must be; later ones are answered with what is wrong, and the text goes on."""
    hello = parse(Hello, await _message(socket, service.limits.receive_seconds))
    _check_token(socket, hello, token)
    one = service.models.find(hello.model)
    try:
        stream = Stream(
            *(one.model,), reading=hello.reading, lookahead=hello.lookahead, threads=service.threads
        )
    except ArgumentError as error:
        raise Refused(422, str(error)) from None
    await socket.send_json({"model": one.name, "labels": one.model.labels})
    reader = _Reader(service, stream)
    while True:
        message = await _message(socket, _SILENCE)
        try:
            await socket.send_json(await reader.answer(parse(Piece, message)))
        except Refused as error:
            await socket.send_text(problem(str(error)).decode())


class _Reader:
    """A stream, and how much it has read."""

    def __init__(self, service: Service, stream: Stream) -> None:
        self._service, self._stream, self._tokens = service, stream, 0

    async def answer(self, piece: Piece) -> dict[str, Any]:
        """The answers for the tokens that are whole now. Raises `Refused` if they are too many, or
        one is too long."""
        found = await self._service.compute(self._push, piece)
        labels = self._stream.model.labels
        return {
            "answers": [
                {
                    "token": token,
                    "probabilities": {
                        label: round(p, 6) for label, p in zip(labels, row, strict=True)
                    },
                }
                for answers in found
                for token, row in zip(answers.tokens, answers.probabilities.tolist(), strict=True)
            ],
            "ended": piece.end,
        }

    def _push(self, piece: Piece) -> list[Answers]:
        stream, limits = self._stream, self._service.limits
        tokens = len(stream.model.vectorizer.encode_whole([piece.text]).values)
        if stream.reading == "prefix" and self._tokens + tokens > READ_WORD_BY_WORD:
            raise Refused(
                413, f"at most {READ_WORD_BY_WORD:,} tokens are read again and again; end it"
            )
        if tokens > limits.tokens:
            raise Refused(413, f"got {tokens:,} tokens, at most {limits.tokens:,} at a time")
        self._check_words(piece.text)
        found = [stream.push(piece.text)]
        if piece.end:
            found.append(stream.end())
        self._tokens = 0 if piece.end else self._tokens + tokens
        return found

    def _check_words(self, text: str) -> None:
        """A word is kept until it ends, and its answer may be late: no client fills the memory."""
        if self._stream.model.spec.vectorizer.split == "character":
            return
        most = self._service.limits.tokens
        longest = max(map(len, (self._stream.waiting + text).encode().split()), default=0)
        if longest > most:
            raise Refused(413, f"a word has {longest:,} bytes so far, at most {most:,} are kept")


async def _message(socket: WebSocket, seconds: float) -> bytes:
    async with asyncio.timeout(seconds):
        message = await socket.receive()
    if message["type"] == "websocket.disconnect":
        raise WebSocketDisconnect(message.get("code", _DONE))
    text = message.get("text")
    return message["bytes"] if text is None else text.encode()


def _check_token(socket: WebSocket, hello: Hello, token: str | None) -> None:
    """Programs send the token in the head, browsers cannot and put it into the first message."""
    if token is None:
        return
    head = socket.headers.get("authorization", "").removeprefix("Bearer ")
    given = head if hello.token is None else hello.token
    if not hmac.compare_digest(given.encode(), token.encode()):
        raise Refused(401, "this service asks for a token: send it in the first message")


def _same_origin(socket: WebSocket, origins: Sequence[str]) -> bool:
    origin = socket.headers.get("origin")
    if origin is None or origin in origins:
        return True
    return urlsplit(origin).netloc == socket.headers.get("host")
