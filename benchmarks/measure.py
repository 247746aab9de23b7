"""Workers that take turns: everyone is ready, one runs, the others sleep on their input."""

import statistics
import time

from worker import Worker, machine_cpu_seconds

SETTLE = 0.3  # seconds of rest between turns, so that spinning thread pools fall asleep


def run_section(section, peers, rounds, steps, pythons, options, folder):
    """Run one comparison; return a row for each peer and task, failures included."""
    rounds = min(rounds, section.rounds or rounds)
    count = section.items or steps
    workers = []
    for peer in peers:
        print(f"  preparing {peer.label}", flush=True)
        workers.append(Worker(peer, pythons[peer.ours], options | section.options, folder))
    turns = {(worker, task): [] for worker in workers for task in worker.tasks}
    for number in range(rounds):
        start = number % max(1, len(turns))
        for worker, task in [*list(turns)[start:], *list(turns)[:start]]:
            if worker.failed or number >= (worker.peer.rounds or rounds):
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
        "rows": [
            _row(worker, task, turns.get((worker, task), []))
            for worker in workers
            for task in worker.tasks or [""]  # who never got ready has one row without a task
        ],
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


def _row(worker, task, turns):
    """Sum up the turns of one peer in one task: medians, extremes, and the raw turns."""
    peer, ready = worker.peer, worker.ready
    row = {
        "file": peer.file,
        "label": peer.label,
        "ours": peer.ours,
        "gauge": peer.gauge,
        "task": task,
        "failed": worker.failed,
        "settings": ready.get("settings", ""),
        "versions": ready.get("versions", {}),
        **{name: values[task] for name, values in ready.get("facts", {}).items()},
        "turns": turns,
    }
    if turns and not worker.failed:
        # A task that times its items itself says what a typical one took.
        seconds = [t.get("typical_seconds", t["seconds"] / t["units"]) for t in turns]
        row |= {
            "unit_seconds": seconds,
            "median_seconds": statistics.median(seconds),
            "least_seconds": min(seconds),
            "most_seconds": max(seconds),
            "peak_bytes": max(turn["peak_bytes"] for turn in turns),
        }
        for name in ("accuracy", "train_seconds"):
            if name in turns[0]:
                row[name] = statistics.median(turn[name] for turn in turns)
    return row
