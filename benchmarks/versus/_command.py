"""A command as a user types it: its wall clock and its peak memory.

The workers that use this import nothing large, because a process's peak begins at that of the
process that started it.
"""

import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

BOTHWAYS = str(Path(sys.executable).with_name("bothways"))


def command(*words, output=None):
    """Run a command, its output to the file `output`; return `typical_seconds`, `peak_bytes`.

    Raises `RuntimeError` with the last line that it said if it fails.
    """
    with open(output or os.devnull, "wb") as out, tempfile.TemporaryFile() as said:
        started = time.perf_counter()
        process = subprocess.Popen(list(map(str, words)), stdout=out, stderr=said)
        _, status, used = os.wait4(process.pid, 0)
        seconds = time.perf_counter() - started
        process.returncode = os.waitstatus_to_exitcode(status)
        if process.returncode:
            said.seek(0)
            lines = said.read().decode(errors="replace").strip().splitlines()
            last = lines[-1] if lines else f"exit status {process.returncode}"
            raise RuntimeError(f"`{words[0]} {words[1]}` failed: {last}")
    return {"typical_seconds": seconds, "peak_bytes": 1024 * used.ru_maxrss}
