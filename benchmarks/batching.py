"""Should a batch of requests wait for more? Requests a second and their times, for each wait.

    python benchmarks/batching.py MODEL DATA [--waits 0 1 2 5] [--seconds 5] [--rounds 3]

Starts `bothways serve MODEL` once for each wait, in milliseconds, before a batch is sent to the
thread that computes it; 0 is the service as it is, whose batches hold what came while the one
before was computed. wrk asks them in turns, as in `serving.py`; medians of the rounds.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import shutil
import statistics
import sys
import tempfile
from contextlib import ExitStack
from pathlib import Path

from environment import machine

import bothways
from serving import SCRIPT, load, running

PORT = 8744


def serve(wait: float, arguments: list[str]) -> None:
    """The service, whose batches wait so many milliseconds for more."""
    from bothways.cli import main
    from bothways.serving._batcher import Batcher

    if wait:
        start = Batcher._start

        def later(self) -> None:
            asyncio.get_running_loop().call_later(wait / 1e3, start, self)

        Batcher._start = later
    sys.argv = ["bothways", "serve", *arguments]
    main()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("model")
    parser.add_argument("data")
    parser.add_argument("--waits", type=float, nargs="+", default=[0, 1, 2, 5])
    parser.add_argument("--seconds", type=int, default=5)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--connections", type=int, nargs="+", default=[1, 32, 256])
    options = parser.parse_args()
    if shutil.which("wrk") is None:
        sys.exit("the load comes from wrk, which is not here: apt-get install wrk")
    texts = bothways.read(options.data, need_labels=False).texts[:2_000]
    print(json.dumps(machine()))
    turns: dict[tuple[int, float], list] = {}
    with tempfile.TemporaryDirectory() as folder, ExitStack() as stack:
        bodies, script = os.path.join(folder, "bodies"), os.path.join(folder, "wrk.lua")
        Path(bodies).write_text("".join(json.dumps({"text": t}) + "\n" for t in texts))
        Path(script).write_text(SCRIPT % bodies)
        urls = {}
        for n, wait in enumerate(options.waits):
            urls[wait] = f"http://127.0.0.1:{PORT + n}"
            command = [sys.executable, __file__, "--serve", str(wait), options.model]
            stack.enter_context(running([*command, "--port", str(PORT + n)], urls[wait], {}))
        for turn in range(options.rounds):
            for connections in options.connections:
                for wait in options.waits[:: 1 if turn % 2 else -1]:
                    found = load(script, urls[wait], connections, options.seconds)
                    turns.setdefault((connections, wait), []).append(found)
    print("| connections | wait, ms | requests/s | least to most | p50, ms | p99, ms | errors |")
    print("|---:|---:|---:|---|---:|---:|---:|")
    for (connections, wait), found in sorted(turns.items()):
        rates = [one["requests_per_second"] for one in found]
        middle = {key: statistics.median(one[key] for one in found) for key in found[0]}
        print(
            f"| {connections} | {wait:g} | {middle['requests_per_second']:,.0f} | "
            f"{min(rates):,.0f} to {max(rates):,.0f} | {middle['p50_ms']:.1f} | "
            f"{middle['p99_ms']:.1f} | {middle['errors']:.0f} |"
        )


if __name__ == "__main__":
    if sys.argv[1:2] == ["--serve"]:
        serve(float(sys.argv[2]), sys.argv[3:])
    else:
        main()
