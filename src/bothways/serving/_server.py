"""The server process: its socket, its signals, its end."""

from __future__ import annotations

import resource
import signal
import socket
import sys
from types import FrameType
from typing import Any

import uvicorn

from bothways.errors import ArgumentError
from bothways.serving._protocol import protocol
from bothways.serving._service import Service

# File descriptors beside those of connections.
_SPARE = 64
# Seconds an idle connection is kept for the next request: longer than most proxies keep theirs,
# as a request that meets a close is lost.
_KEEP_ALIVE = 75


def listen(host: str, port: int) -> socket.socket:
    """A socket that listens; port 0 is any free one. Raises `ArgumentError`."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        return socket.create_server((host, port), family=family, backlog=2048)
    except (OSError, OverflowError, UnicodeError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise ArgumentError(f"{host}, port {port}: cannot be listened on: {reason}") from None


def address(at: socket.socket) -> str:
    """Where a browser finds it."""
    host, port = at.getsockname()[:2]
    return f"http://{f'[{host}]' if ':' in host else host}:{port}"


def run(app: Any, service: Service, at: socket.socket) -> None:
    """Serve until SIGTERM or SIGINT; what was taken is answered first, within the grace.

    A second signal ends it at once.
    """
    limits = service.limits
    config = uvicorn.Config(
        app,
        http=protocol(
            receive_seconds=limits.receive_seconds, most_connections=_raise_limit() - _SPARE
        ),
        ws="websockets-sansio",
        ws_max_size=limits.body,
        ws_per_message_deflate=False,  # messages are short, and a bomb is not
        loop="uvloop",
        log_config=None,
        access_log=False,
        server_header=False,
        headers=[("x-content-type-options", "nosniff")],
        timeout_keep_alive=_KEEP_ALIVE,
        timeout_graceful_shutdown=limits.grace,  # type: ignore[arg-type]
    )
    server = _Server(config, service)
    # uvicorn raises the signals again that ended it, and then the process would not exit with 0.
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: None)
    # The thread that computes gets the interpreter back sooner than after the usual 5 ms.
    sys.setswitchinterval(0.0005)
    server.run(sockets=[at])


class _Server(uvicorn.Server):
    def __init__(self, config: uvicorn.Config, service: Service) -> None:
        super().__init__(config)
        self._service = service

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        self.force_exit = self.should_exit
        self.should_exit = True
        self._service.end()


def _raise_limit() -> int:
    """Allow as many open files as the system lets us, and say how many."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    most = 65_536 if hard == resource.RLIM_INFINITY else min(hard, 65_536)
    if soft == resource.RLIM_INFINITY or soft >= most:
        return most
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, hard))
    return most
