"""JSON lines in, JSON lines out, in order, as they come."""

from __future__ import annotations

import asyncio
from typing import Any

from pydantic_core import to_json

from bothways.serving._answers import Message, Receive, Refused, Send, let_go, problem
from bothways.serving._body import Gone
from bothways.serving._schemas import Strict, parse
from bothways.serving._service import Service

KIND = b"application/x-ndjson"


class Line(Strict):
    """One line of the stream."""

    text: str


async def answer_lines(
    service: Service,
    name: str | None,
    reject_below: float | None,
    receive: Receive,
    send: Send,
) -> None:
    """Answer each line when it is there: a prediction, or what is wrong with it.

    The stream ends with its input; with a line that says why when the service ends, a line is too
    long, or none becomes complete for `limits.seconds`.
    """
    head = [(b"content-type", KIND)]
    await send({"type": "http.response.start", "status": 200, "headers": head})
    answers = _Answers(service, name, reject_below)
    with service.held.room() as room:
        try:
            async for lines, kept in _arriving(service, receive):
                room.hold(kept + sum(map(len, lines)))
                out = await answers.to(lines)
                if out:
                    await _write(service, send, out)
        except Refused as error:
            await _write(service, send, problem(str(error)) + b"\n")
            await let_go(receive)
    await send({"type": "http.response.body", "body": b""})


class _Answers:
    """The lines out for the lines in."""

    def __init__(self, service: Service, name: str | None, reject_below: float | None) -> None:
        self._ask = service.predict
        self._name, self._reject_below, self._most = name, reject_below, service.limits.texts
        self._done = 0

    async def to(self, lines: list[bytes]) -> bytes:
        """One line for each, in order."""
        out: list[bytes] = []
        for start in range(0, len(lines), self._most):
            out += await self._some(lines[start : start + self._most])
        return b"".join(line + b"\n" for line in out)

    async def _some(self, lines: list[bytes]) -> list[bytes]:
        texts: list[str] = []
        wrong: dict[int, bytes] = {}
        for n, line in enumerate(lines):
            try:
                texts.append(parse(Line, line).text)
            except Refused as error:
                wrong[n] = problem(f"line {self._done + n + 1}: {error}")
        answers = iter(await self._predict(texts))
        self._done += len(lines)
        return [wrong[n] if n in wrong else next(answers) for n in range(len(lines))]

    async def _predict(self, texts: list[str]) -> list[bytes]:
        while True:
            try:
                _, found = await self._ask(self._name, texts, self._reject_below)
                return [to_json(document) for document in found]
            except Refused as error:
                if error.status == 429:  # the sender waits, as it would for a slow reader
                    await asyncio.sleep(0.05)
                elif len(texts) == 1:
                    return [problem(str(error))]
                else:
                    return [line for text in texts for line in await self._predict([text])]


async def _arriving(service: Service, receive: Receive) -> Any:
    """The lines that have become complete, or none yet, and how many bytes of another are there.

    Raises `Refused` for what ends the stream early, `Gone` if the client went.
    """
    limits, loop = service.limits, asyncio.get_running_loop()
    rest: list[bytes] = []  # the pieces of a line that has not ended yet
    kept = 0
    deadline = loop.time() + limits.seconds
    more = True
    while more:
        message = await _next(service, receive, deadline)
        more = message.get("more_body", False)
        complete, newline, tail = message["body"].rpartition(b"\n")
        lines: list[bytes] = []
        if newline:
            lines = b"".join([*rest, complete]).split(b"\n")
            rest, kept = [], 0
        rest.append(tail)
        kept += len(tail)
        if not more and kept:
            lines, rest, kept = [*lines, b"".join(rest)], [], 0
        if kept > limits.body or any(len(line) > limits.body for line in lines):
            raise Refused(413, f"a line is too large: at most {limits.body:,} bytes")
        yield lines, kept
        if lines:
            deadline = loop.time() + limits.seconds


async def _next(service: Service, receive: Receive, deadline: float) -> Message:
    arrival = asyncio.ensure_future(receive())
    end = asyncio.ensure_future(service.ended())
    try:
        seconds = max(0.0, deadline - asyncio.get_running_loop().time())
        await asyncio.wait({arrival, end}, timeout=seconds, return_when=asyncio.FIRST_COMPLETED)
        if arrival.done():
            message = arrival.result()
            if message["type"] == "http.disconnect":
                raise Gone
            return message
    finally:
        arrival.cancel()
        end.cancel()
    if service.ending:
        raise Refused(503, "the service ends; the lines before this one are answered")
    raise Refused(408, f"no line was complete within {service.limits.seconds:g} seconds")


async def _write(service: Service, send: Send, data: bytes) -> None:
    try:
        async with asyncio.timeout(service.limits.seconds):
            await send({"type": "http.response.body", "body": data, "more_body": True})
    except TimeoutError:
        raise Gone from None  # it does not read
