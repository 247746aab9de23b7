"""What the exchange of training in several processes sends, and what it costs in time.

    python benchmarks/distributed.py REVIEWS.parquet [--steps 60] [--only rows|bytes]

`rows`: how the distinct words of a batch grow with the batch, 1 to 64 batches of 32 reviews
together. `bytes`: the preset's network learns `--steps` batches of 32 with 1, 2 and 3 processes of
one thread each; what each says it has sent is set beside what the interface `lo` counted, TCP's
headers in it, and beside an all-reduce of the whole table. Say what else the machine did.
"""

import argparse
import json
import os
import socket
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq

from bothways import TextVectorizer
from bothways.artifact import TABLE
from bothways.data import batches
from bothways.training import Examples, initial_tensors, join_ranks, network_of, new_learner, preset


def prepared(source: str, name: str) -> Examples:
    """8,000 reviews as ids, by the preset's vectorizer."""
    recipe, rng = preset(name), np.random.default_rng(0)
    table = pq.read_table(source, columns=["text", "label"])
    table = table.take(rng.permutation(table.num_rows)[:8000])
    texts, labels = table["text"].to_pylist(), table["label"].to_pylist()
    vectorizer = TextVectorizer(recipe.max_tokens, output_sequence_length=recipe.length)
    ids, _ = vectorizer.adapt(texts).encode(texts)
    return Examples(ids, np.unique(labels, return_inverse=True)[1])


def rows(data: Examples) -> None:
    """The distinct words of so many batches together, the mean of several draws."""
    rng, size = np.random.default_rng(0), 32
    for count in (1, 2, 4, 8, 16, 32, 64):
        found = [
            len(np.unique(data.ids.take(rng.permutation(data.texts)[: count * size]).values))
            for _ in range(8)
        ]
        print(f"{count:3} batches of {size}: {np.mean(found):8,.0f} distinct words", flush=True)


def work(source: str, name: str, steps: int) -> None:
    """One process: steps, and what was sent in them, as JSON."""
    data, recipe = prepared(source, name), preset(name)
    words = int(data.ids.values.max()) + 1
    spec = network_of(recipe, outputs=1)
    with join_ranks() as ranks, new_learner(spec, words, recipe, threads=1, ranks=ranks) as net:
        rng = np.random.default_rng(1)
        order = batches(data.ids.lengths, recipe.batch_size, rng=rng, bucket=recipe.bucket)
        for warm in (True, False):
            if ranks is not None:
                ranks.tell(b"")  # all begin together
            sent = 0 if net.exchange is None else net.exchange.sent
            counted, started = interface(), time.perf_counter()
            for _ in range(10 if warm else steps):
                batch = data.take(next(order))
                net.step(batch.ids, batch.labels, 1e-3)
            seconds = time.perf_counter() - started
            counted = interface() - counted
        shapes = {k: v.size for k, v in initial_tensors(spec, words, rng).items()}
    size = 1 if ranks is None else ranks.size
    if size == 1 or ranks.rank == 0:
        sent = 0 if net.exchange is None else net.exchange.sent - sent
        facts = {
            "preset": name,
            "processes": size,
            "way": "" if net.exchange is None else net.exchange.way,
            "steps_a_second": round(steps / seconds, 1),
            "bytes_a_step": sent // steps,
            "on_the_interface": counted // steps // size,
            "whole_table": 8 * (size - 1) * sum(shapes.values()) // size,
            "table_bytes": 4 * shapes[TABLE],
            "other_bytes": 4 * (sum(shapes.values()) - shapes[TABLE]),
        }
        print(json.dumps(facts))


def interface() -> int:
    """Bytes that the interface has sent so far, all processes of the machine together."""
    name = os.environ.get("GLOO_SOCKET_IFNAME", "lo")
    return int(Path(f"/sys/class/net/{name}/statistics/tx_bytes").read_text())


def launched(size: int, arguments: list[str]) -> None:
    """So many processes on this machine, as a launcher starts them."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = str(free.getsockname()[1])
    place = {"MASTER_ADDR": "127.0.0.1", "MASTER_PORT": port, "WORLD_SIZE": str(size)}
    place |= {"OMP_NUM_THREADS": "1", "GLOO_SOCKET_IFNAME": "lo"}
    command = [sys.executable, __file__, *arguments, "--only", "work"]
    running = [
        subprocess.Popen(command, env={**os.environ, **place, "RANK": str(rank)})
        for rank in range(size)
    ]
    for process in running:
        if process.wait():
            raise SystemExit("a process failed")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("reviews")
    parser.add_argument("--preset", default="fast")
    parser.add_argument("--steps", type=int, default=60)
    parser.add_argument("--only", choices=["rows", "bytes", "work"])
    given = parser.parse_args()
    if given.only == "work":
        work(given.reviews, given.preset, given.steps)
        return
    if given.only != "bytes":
        rows(prepared(given.reviews, given.preset))
    if given.only != "rows":
        for size in (1, 2, 3):
            same = [given.reviews, "--preset", given.preset, "--steps", str(given.steps)]
            launched(size, same)


if __name__ == "__main__":
    main()
