"""One peer's process, seen from `run.py`; the other end is `versus/_worker.py`."""

import contextlib
import json
import os
import select
import subprocess
from pathlib import Path

PATIENCE = 1800.0  # seconds a worker may take to prepare, or for one turn
TICKS = os.sysconf("SC_CLK_TCK")


class Worker:
    """One peer's process. `failed` says why it is out; it is then asked nothing more."""

    def __init__(self, peer, python, options, folder):
        self.peer, self.failed = peer, None
        self.log = folder / "logs" / f"{peer.name}.log"
        self.log.parent.mkdir(parents=True, exist_ok=True)
        script = Path(__file__).parent / "versus" / f"{peer.file}.py"
        self.process = subprocess.Popen(
            [python, script, json.dumps(options | peer.options)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self.log.open("wb"),
            env=os.environ | {"OMP_NUM_THREADS": str(options["threads"])},
        )
        self.ready = self._answer() or {}

    @property
    def tasks(self):
        """The names of its tasks; none if it never got ready."""
        return self.ready.get("tasks", [])

    def turn(self, **request):
        """Ask for one turn; return the answer, or None once the worker has failed."""
        try:
            self.process.stdin.write(json.dumps(request).encode() + b"\n")
            self.process.stdin.flush()
        except BrokenPipeError:
            self.failed = self._ended()
            return None
        return self._answer()

    def _answer(self):
        if not select.select([self.process.stdout], [], [], PATIENCE)[0]:
            self.process.kill()
            self.failed = f"no answer in {PATIENCE:.0f} seconds"
            return None
        line = self.process.stdout.readline()
        answer = json.loads(line) if line else {"failed": self._ended()}
        self.failed = answer.get("failed")
        return None if self.failed else answer

    def _ended(self):
        self._wait()
        return f"it ended early, status {self.process.returncode}; see {self.log.name}"

    def cpu_seconds(self):
        """Processor seconds used so far, by it and its finished children; 0 when it is gone."""
        try:
            stat = Path(f"/proc/{self.process.pid}/stat").read_text()
        except OSError:
            return 0.0
        return sum(map(int, stat.rpartition(")")[2].split()[11:15])) / TICKS

    def close(self):
        """End the input, which ends the worker; do not wait for ever."""
        with contextlib.suppress(BrokenPipeError):  # the last question to one that ended early
            self.process.stdin.close()
        self._wait()

    def _wait(self):
        try:
            self.process.wait(timeout=20)
        except subprocess.TimeoutExpired:
            self.process.kill()


def machine_cpu_seconds():
    """Processor seconds used or stolen on all cores since the machine started."""
    user, nice, system, _idle, _wait, *rest = map(
        int, Path("/proc/stat").read_text().splitlines()[0].split()[1:9]
    )
    return (user + nice + system + sum(rest)) / TICKS
