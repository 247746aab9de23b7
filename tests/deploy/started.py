"""Programs that start others, all of which end with the test."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
from contextlib import suppress


def run_together(commands, seconds=120):
    """Run commands, pairs of words and environment, at the same time: what all of them say.

    All must end with 0.
    """
    options = {"stdout": subprocess.PIPE, "stderr": subprocess.STDOUT, "text": True}
    started = [
        subprocess.Popen(words, env=environment, start_new_session=True, **options)
        for words, environment in commands
    ]
    try:
        said = [process.communicate(timeout=seconds)[0] for process in started]
    finally:
        for process in started:
            with suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            process.communicate()
    assert [process.returncode for process in started] == [0] * len(started), said
    return "".join(said)


def free_port():
    """A port of this machine that nobody listens at."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        return listening.getsockname()[1]
