"""HTTP on one connection: uvicorn's, with limits on heads and on idle connections."""

from __future__ import annotations

import asyncio
from typing import Any, ClassVar

from uvicorn.protocols.http.httptools_impl import STATUS_LINE, HttpToolsProtocol

from bothways.serving._answers import problem

# A head may be this long, in bytes: ours are some hundred.
HEAD = 65_536
# Seconds after which a connection that asks for nothing more is closed, when the service ends. A
# request that is on its way meanwhile is answered, with word that it is the last.
_LAST_CALL = 0.3


class Protocol(HttpToolsProtocol):
    """uvicorn's protocol, which waits for a head forever and takes one of any length.

    A head that is not whole `receive_seconds` after its first byte, or after the connection, is
    answered with 408; a longer one than `HEAD` bytes with 431; a connection too many with 503.
    """

    receive_seconds: ClassVar[float] = 10.0
    most_connections: ClassVar[int] = 10_000

    _timer: asyncio.TimerHandle | None = None
    _joined: Joined
    _in_head = _upgraded = _ending = False
    _size = _fields = 0  # bytes of a head: as they came, and as they were parsed

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        if len(self.connections) > self.most_connections:
            self._refuse(503, "there are too many connections; come back")
            return
        self._timer = self.loop.call_later(self.receive_seconds, self._late)

    def connection_lost(self, exc: Exception | None) -> None:
        super().connection_lost(exc)
        self._stop_timer()

    def data_received(self, data: bytes) -> None:
        super().data_received(data)
        if self._upgraded or self.transport.is_closing():
            self._stop_timer()
        elif self._in_head or not self._busy():
            self._size += len(data)
            if self._size > HEAD:
                self._refuse(431, f"the head of the request has more than {HEAD:,} bytes")
            elif self._timer is None:
                self._timer = self.loop.call_later(self.receive_seconds, self._late)
        elif self._timer is not None:
            self._stop_timer()

    def on_message_begin(self) -> None:
        super().on_message_begin()
        self._in_head, self._size, self._fields = True, 0, 0

    def on_url(self, url: bytes) -> None:
        super().on_url(url)
        self._grow(len(url))

    def on_header(self, name: bytes, value: bytes) -> None:
        super().on_header(name, value)
        self._grow(len(name) + len(value))

    def on_headers_complete(self) -> None:
        self._in_head, self._size, self._fields = False, 0, 0
        super().on_headers_complete()
        if self.cycle is not None:
            self._joined = Joined(self.transport, self.loop)
            self.cycle.transport = self._joined  # type: ignore[assignment]
            if self._ending:
                self.cycle.keep_alive = False

    def on_response_complete(self) -> None:
        self._joined.flush()
        # It was answered before it was sent, and the rest might never end. (The request that is
        # answered now may have been followed by another, which is the `cycle` then.)
        if self.cycle.response_complete and self.cycle.more_body:
            self.transport.close()
        super().on_response_complete()

    def handle_websocket_upgrade(self) -> None:
        self._upgraded = True
        super().handle_websocket_upgrade()

    def timeout_keep_alive_handler(self) -> None:
        if self.transport.get_write_buffer_size():
            self.transport.abort()  # the client does not read, and never will
        super().timeout_keep_alive_handler()

    def shutdown(self) -> None:
        self._ending = True
        if self._busy():
            self.cycle.keep_alive = False
        else:
            self.loop.call_later(_LAST_CALL, self._close_idle)

    def send_400_response(self, msg: str) -> None:
        if max(self._size, self._fields) > HEAD:
            self._refuse(431, f"the head of the request has more than {HEAD:,} bytes")
        else:
            self._refuse(400, "this is not an HTTP request that can be understood")

    def _grow(self, size: int) -> None:
        self._fields += size
        if self._fields > HEAD:
            raise ValueError("the head is too long")  # ends the parsing: `send_400_response`

    def _busy(self) -> bool:
        return self.cycle is not None and not self.cycle.response_complete

    def _close_idle(self) -> None:
        if not self._busy() and not self.transport.is_closing():
            self.transport.close()

    def _late(self) -> None:
        self._timer = None
        if self.transport.is_closing():
            return
        if self._busy():  # the next request begins while this one is answered
            self._timer = self.loop.call_later(self.receive_seconds, self._late)
        elif self._in_head:
            self._refuse(408, f"the head was not there within {self.receive_seconds:g} seconds")
        else:
            self.transport.close()

    def _refuse(self, status: int, sentence: str) -> None:
        self._stop_timer()
        if self._busy():
            self.cycle.disconnected = True  # whoever reads its body is told
            self.cycle.message_event.set()
            if self.cycle.response_started:  # this would stand in the middle of an answer
                self.transport.abort()
                return
        body = problem(sentence)
        head = b"content-type: application/json\r\nconnection: close\r\ncontent-length: %d\r\n\r\n"
        self.transport.write(STATUS_LINE[status] + head % len(body) + body)
        self.transport.close()

    def _stop_timer(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None


class Joined:
    """A transport on which the head of an answer waits for its body, for as long as what is ready
    now takes: one system call and one packet where uvicorn makes two."""

    __slots__ = ("_head", "_loop", "_transport")

    def __init__(self, transport: asyncio.Transport, loop: asyncio.AbstractEventLoop) -> None:
        self._transport, self._loop, self._head = transport, loop, b""

    def write(self, data: bytes) -> None:
        if self._head:
            head, self._head = self._head, b""
            self._transport.write(head + data)
        elif data:
            self._head = data
            self._loop.call_soon(self.flush)

    def flush(self) -> None:
        if self._head and not self._transport.is_closing():
            head, self._head = self._head, b""
            self._transport.write(head)

    def close(self) -> None:
        self.flush()
        self._transport.close()

    def is_closing(self) -> bool:
        return self._transport.is_closing()


def protocol(**limits: Any) -> type[Protocol]:
    """The protocol with these class variables."""
    return type("Protocol", (Protocol,), limits)
