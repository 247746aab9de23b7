"""Bothways beside its peers: `make bench`, or `python benchmarks/run.py --help`.

Every comparison runs both sides in one invocation, in turns. Results go to `benchmarks/results/`:
`results.json` (raw turns, machine, versions), `table.md`, `chart.png`; with `--only` those of the
other comparisons stay as they were. A part of a comparison (`--peers`) or a trial (`--trial`) goes
to `build/bench/partial/` instead, so that the published table is always whole.
"""

import argparse
import json
import os
import shlex
import sys
import time
from datetime import UTC, datetime
from pathlib import Path

import chart
import environment
import measure
import table
from peers import SECTIONS

import data

HERE = Path(__file__).parent
FOLDER = HERE.parent / "build" / "bench"
FORMAT = 2  # of a section in results.json; others are left out


def options():
    """Read the command line."""
    cores = len(os.sched_getaffinity(0))
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=7, help="turns of each peer (7)")
    parser.add_argument("--steps", type=int, default=5, help="training steps in a turn (5)")
    parser.add_argument("--threads", type=int, default=cores, help=f"for everyone ({cores})")
    parser.add_argument("--only", choices=SECTIONS, help="one comparison (all)")
    parser.add_argument("--trial", action="store_true", help="do not publish")
    parser.add_argument(
        "--peers", help="files of versus/, with commas between: keras_jax,... (all)"
    )
    default = HERE.parent.parent / "shared" / "data" / "imdb_train.parquet"
    parser.add_argument("--data", type=Path, default=default, help="IMDB reviews: text, label")
    return parser.parse_args()


def chosen_peers(names):
    """Return the peers to run of each section; refuse a name that no section has."""
    wanted = set(names.split(",")) if names else None
    every = {peer.file for section in SECTIONS.values() for peer in section.peers}
    if unknown := (wanted or set()) - every:
        known = ", ".join(sorted(every))
        raise SystemExit(f"No peer is named {', '.join(sorted(unknown))}; there are {known}.")
    return {
        name: [peer for peer in section.peers if wanted is None or peer.file in wanted]
        for name, section in SECTIONS.items()
    }


def main():
    """Prepare, run each section, and write the results after each."""
    opts = options()
    peers = chosen_peers(opts.peers)
    data.prepare(opts.data, FOLDER)
    pythons = {True: Path(sys.executable), False: environment.peers_python()}
    target = FOLDER / "partial" if opts.peers or opts.trial else HERE / "results"
    target.mkdir(parents=True, exist_ok=True)
    stored = target / "results.json"
    results = json.loads(stored.read_text()) if stored.is_file() and not opts.peers else {}
    results = {name: part for name, part in results.items() if part.get("format") == FORMAT}
    for name, section in SECTIONS.items():
        if not peers[name] or opts.only not in (None, name):
            continue
        print(f"{section.title}:", flush=True)
        record = {
            "format": FORMAT,
            "date": datetime.now(UTC).date().isoformat(),
            "command": shlex.join(["python", "benchmarks/run.py", *sys.argv[1:]]),
            "machine": environment.machine(),
            "options": {"rounds": opts.rounds, "steps": opts.steps, "threads": opts.threads},
        }
        setup = {"threads": opts.threads, "folder": str(FOLDER), "data": str(opts.data.resolve())}
        started = time.perf_counter()
        record |= measure.run_section(
            section, peers[name], opts.rounds, opts.steps, pythons, setup, FOLDER
        )
        results[name] = record | {"seconds": time.perf_counter() - started}
        stored.write_text(json.dumps(results, indent=1) + "\n")
    results = {name: results[name] for name in SECTIONS if name in results}
    page = table.render(results)
    (target / "table.md").write_text(page)
    chart.draw(results, target / "chart.png")
    print(f"\n{page}\nWritten to {os.path.relpath(target)}.")


if __name__ == "__main__":
    main()
