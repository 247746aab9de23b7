"""Workers that take turns: everyone is ready, one runs, the others sleep on their input."""

import json
import os
import select
import statistics
import subprocess
import time
from pathlib import Path

PATIENCE = 1800.0  # seconds a worker may take to prepare, or for one turn
SETTLE = 0.3  # seconds of rest between turns, so that spinning thread pools fall asleep
TICKS = os.sysconf("SC_CLK_TCK")


class Worker:
    """One peer's process. `failed` says why it is out; it is then asked nothing more."""

    def __init__(self, peer, python, options, folder):
        self.peer, self.failed, self.ready = peer, None, {}
        self.log = folder / "logs" / f"{peer.file}.log"
        self.log.parent.mkdir(parents=True, exist_ok=True)
        script = Path(__file__).parent / "versus" / f"{peer.file}.py"
        self.process = subprocess.Popen(
            [python, script, json.dumps(options)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self.log.open("wb"),
            env=os.environ | {"OMP_NUM_THREADS": str(options["threads"])},
        )
        self.ready = self._answer() or {}

    def turn(self, **request):
        """Ask for one turn; return the answer, or None once the worker has failed."""
        try:
            self.process.stdin.write(json.dumps(request).encode() + b"\n")
            self.process.stdin.flush()
        except BrokenPipeError:
            self.failed = f"it ended early; see {self.log.name}"
            return None
        return self._answer()

    def _answer(self):
        if not select.select([self.process.stdout], [], [], PATIENCE)[0]:
            self.process.kill()
            self.failed = f"no answer in {PATIENCE:.0f} seconds"
            return None
        line = self.process.stdout.readline()
        answer = json.loads(line) if line else {"failed": f"it ended early; see {self.log.name}"}
        self.failed = answer.get("failed")
        return None if self.failed else answer

    def cpu_seconds(self):
        """Processor seconds used so far, by it and its finished children; 0 when it is gone."""
        try:
            stat = Path(f"/proc/{self.process.pid}/stat").read_text()
        except OSError:
            return 0.0
        return sum(map(int, stat.rpartition(")")[2].split()[11:15])) / TICKS

    def close(self):
        """End the input, which ends the worker; do not wait for ever."""
        self.process.stdin.close()
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


def run_section(section, peers, rounds, steps, pythons, options, folder):
    """Run one comparison; return a row for each peer and task, failures included."""
    rounds = min(rounds, section.rounds or rounds)
    count = section.items or steps
    workers = []
    for peer in peers:
        print(f"  preparing {peer.label}", flush=True)
        workers.append(Worker(peer, pythons[peer.ours], options, folder))
    turns = {(w, task): [] for w in workers for task in w.ready.get("tasks", [])}
    for number in range(rounds):
        order = list(turns)[number % len(turns) :] + list(turns)[: number % len(turns)]
        for worker, task in order:
            if worker.failed:
                continue
            time.sleep(SETTLE)
            answer = watched_turn(
                worker,
                [other for other in workers if other is not worker],
                task=task,
                first=number * count,
                count=count,
                warm=section.warm,
                at_least=section.at_least,
            )
            if answer:
                turns[worker, task].append(answer)
        print(f"  round {number + 1} of {rounds}", flush=True)
    for worker in workers:
        worker.close()
    every = [turn for taken in turns.values() for turn in taken]
    seconds = sum(turn["turn_seconds"] for turn in every) or 1.0
    return {
        "rows": [_row(w, task, turns.get((w, task), [])) for w in workers for task in _tasks(w)],
        "sleepers_cpu_share": sum(turn["sleepers_cpu_seconds"] for turn in every) / seconds,
        "strangers_cpu_share": sum(turn["strangers_cpu_seconds"] for turn in every) / seconds,
    }


def watched_turn(worker, others, **request):
    """Ask for one turn; add the processor seconds of sleeping workers and of strangers."""

    def used():
        own = time.process_time()
        return (
            machine_cpu_seconds() - own,
            worker.cpu_seconds(),
            sum(o.cpu_seconds() for o in others),
        )

    before, started = used(), time.perf_counter()
    answer = worker.turn(**request)
    machine, mine, sleepers = (b - a for a, b in zip(before, used(), strict=True))
    if answer:
        answer["turn_seconds"] = time.perf_counter() - started
        answer["sleepers_cpu_seconds"] = sleepers
        answer["strangers_cpu_seconds"] = machine - mine - sleepers
    return answer


def _tasks(worker):
    """The worker's tasks; a worker that never got ready has one row without a task."""
    return worker.ready.get("tasks", [""])


def _row(worker, task, turns):
    """Sum up the turns of one peer in one task: medians, extremes, and the raw turns."""
    peer, ready = worker.peer, worker.ready
    row = {
        "file": peer.file,
        "label": peer.label,
        "ours": peer.ours,
        "task": task,
        "failed": worker.failed,
        "settings": ready.get("settings", ""),
        "versions": ready.get("versions", {}),
        "difference": ready.get("difference", {}).get(task),
        "turns": turns,
    }
    if turns and not worker.failed:
        seconds = [turn["seconds"] / turn["items"] / turn.get("texts", 1) for turn in turns]
        row |= {
            "median_seconds": statistics.median(seconds),
            "least_seconds": min(seconds),
            "most_seconds": max(seconds),
            "peak_bytes": max(turn["peak_bytes"] for turn in turns),
        }
        for name in ("accuracy", "train_seconds"):
            if name in turns[0]:
                row[name] = statistics.median(turn[name] for turn in turns)
    return row
