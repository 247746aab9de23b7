"""A service in a process of its own, and bytes sent to it."""

from __future__ import annotations

import os
import re
import signal
import socket
import subprocess
import sys
from contextlib import contextmanager

import httpx


class Served:
    """A running `bothways serve`."""

    def __init__(self, process, url):
        self.process, self.url = process, url
        self.host, self.port = "127.0.0.1", int(url.rsplit(":", 1)[1])
        self.client = httpx.Client(base_url=url, timeout=20)

    def predict(self, text, **others):
        """The answer to a request that must be answered."""
        done = self.client.post("/predict", json={"text": text, **others})
        assert done.status_code == 200, done.text
        return done.json()

    def connect(self):
        return socket.create_connection((self.host, self.port), timeout=20)

    def exchange(self, *parts):
        """All bytes that come back for `parts` until the server closes."""
        with self.connect() as connection:
            try:
                for part in parts:
                    connection.sendall(part)
            except (BrokenPipeError, ConnectionResetError):
                pass
            return everything(connection)

    def memory(self):
        """Bytes of the process that are in memory."""
        with open(f"/proc/{self.process.pid}/statm") as file:
            return int(file.read().split()[1]) * os.sysconf("SC_PAGE_SIZE")

    def end(self, number=signal.SIGTERM):
        """Tell it to end; its exit code, and what it said."""
        self.client.close()
        self.process.send_signal(number)
        said = self.process.communicate(timeout=20)[1]
        return self.process.returncode, said


def everything(connection):
    received = b""
    while True:
        try:
            data = connection.recv(1 << 16)
        except ConnectionResetError:
            return received
        if not data:
            return received
        received += data


def request(body, *headers, path="/predict", method="POST"):
    """The bytes of a request."""
    head = [f"{method} {path} HTTP/1.1", "Host: x", "Content-Type: application/json", *headers]
    if not any(line.lower().startswith(("content-length", "transfer-encoding")) for line in head):
        head.append(f"Content-Length: {len(body)}")
    return "\r\n".join(head).encode() + b"\r\n\r\n" + body


@contextmanager
def serving(*arguments, environment=None):
    """Run `bothways serve` on a free port, and end it."""
    process = subprocess.Popen(
        [sys.executable, "-m", "bothways", "serve", "--port", "0", *map(str, arguments)],
        stderr=subprocess.PIPE,
        text=True,
        env=os.environ | {"PYTHONWARNINGS": "error"} | (environment or {}),
    )
    line = process.stderr.readline()
    found = re.search(r"http://\S+", line)
    assert found, line + process.communicate()[1]
    served = Served(process, found[0])
    try:
        yield served
    finally:
        served.client.close()
        if process.poll() is None:
            process.kill()
        process.communicate()
