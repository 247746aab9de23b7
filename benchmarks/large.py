"""Training on data larger than memory: peak memory, and tokens a second beside data in memory.

    python benchmarks/large.py REVIEWS.parquet FOLDER [--tokens 200e6] [--memory 2GiB]

Makes shards of so many tokens in FOLDER (again only if they are not there), by repeating the
reviews and replacing a tenth of the words of each copy by words from anywhere. Then:

1. One epoch of `fast` over all shards, in a process of its own: its peak of resident memory, less
   the weights, and its rate with the reading of the cache in it.
2. In turns, `--steps` steps from the cache of all shards, and as many in memory on the first
   shards, which fit there; the recipe is `fast` without learned word vectors, whose first weights
   take long to compute and do not change the rate.
"""

import argparse
import json
import statistics
import subprocess
import sys
import time
from pathlib import Path

import numpy as np

OF_A_SHARD = 5_000_000  # tokens
IN_MEMORY = 6  # shards
WARM = 100  # steps before the clock runs


def make(reviews, folder, tokens):
    """The shards, some of which may be there."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    folder.mkdir(parents=True, exist_ok=True)
    count = max(1, round(tokens / OF_A_SHARD))
    wanted = [folder / f"{n:04}.parquet" for n in range(count)]
    for path in sorted(set(folder.glob("*.parquet")) - set(wanted)):
        path.unlink()
    if all(path.exists() for path in wanted):
        return
    table = pq.read_table(reviews, columns=["text", "label"])
    texts = [text.split() for text in table["text"].to_pylist()]
    labels = table["label"].to_numpy(zero_copy_only=False)
    lengths = np.array([len(words) for words in texts])
    words = np.array([word for text in texts for word in text], object)
    starts = np.concatenate([[0], lengths.cumsum()])
    for number, path in enumerate(wanted):
        rng = np.random.default_rng(number)
        order = rng.permutation(len(texts))
        chosen = order[: int(np.searchsorted(lengths[order].cumsum(), OF_A_SHARD)) + 1]
        copies = []
        for n in chosen:
            copy = words[starts[n] : starts[n + 1]].copy()
            other = np.flatnonzero(rng.random(len(copy)) < 0.1)
            copy[other] = words[rng.integers(0, len(words), len(other))]
            copies.append(" ".join(copy))
        part = pa.table({"text": copies, "label": labels[chosen]})
        pq.write_table(part, path.with_suffix(".tmp"))
        path.with_suffix(".tmp").rename(path)
        print(f"  shard {number + 1} of {count}", end="\r", file=sys.stderr)


class Clock:
    """A watcher that stops after so many steps, and counts tokens while its clock runs."""

    def __init__(self, steps):
        from bothways.training import KernelLearner

        self.left, self.tokens, self.seconds, self.begun = steps, 0, 0.0, None
        real = KernelLearner.step

        def step(learner, ids, *arguments):
            if self.begun is not None:
                self.tokens += len(ids.values)
            return real(learner, ids, *arguments)

        KernelLearner.step = step

    def started(self, epochs, steps):
        self.left = steps if self.left is None else min(self.left, steps)
        self.warm = self.left - min(WARM, self.left // 2)

    def stepped(self, epoch, documents, loss):
        from bothways.training import StopTraining

        self.left -= 1
        if self.left == self.warm:
            self.begun = time.perf_counter()
        if self.begun is not None:
            self.seconds = time.perf_counter() - self.begun
        if not self.left:
            raise StopTraining

    def validated(self, epoch, best):
        pass


def child(options):
    """One training; its figures on stdout."""
    from dataclasses import replace

    import bothways
    from bothways.training import preset

    whole = options.child == "whole"
    recipe = preset("fast") if whole else replace(preset("fast"), word_vectors="random")
    classifier = bothways.TextClassifier(preset=recipe, epochs=1, validation=None)
    clock, before = Clock(None if whole else options.steps), time.perf_counter()
    shards = str(options.folder / "shards" / "*.parquet")
    if options.child == "memory":
        first = sorted((options.folder / "shards").glob("*.parquet"))[:IN_MEMORY]
        rows = [bothways.read(str(path)) for path in first]
        texts = [text for part in rows for text in part.texts]
        labels = [label for part in rows for label in part.labels]
        del rows
        classifier.fit(texts, labels, watcher=clock)
    else:
        classifier.fit_shards(
            shards,
            valid="hash:0.01",
            memory=options.memory,
            cache=str(options.folder / "cache"),
            watcher=clock,
            tell=lambda sentence: print(f"  {sentence}", file=sys.stderr),
        )
    weights = sum(array.nbytes for array in classifier.fitted_.tensors.values())
    status = Path("/proc/self/status").read_text()
    peak = int(status.partition("VmHWM:")[2].split()[0]) * 1024
    print(
        json.dumps(
            {
                "tokens": clock.tokens,
                "rate": clock.tokens / clock.seconds,
                "peak": peak - weights,
                "weights": weights,
                "seconds": time.perf_counter() - before,
            }
        )
    )


def run(options, kind):
    command = [sys.executable, __file__, *sys.argv[1:], "--child", kind]
    done = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True)
    found = json.loads(done.stdout)
    print(
        f"{kind:>7}: {found['rate']:>11,.0f} tokens/s over {found['tokens']:,} tokens; peak "
        f"{found['peak'] / 2**20:,.0f} MiB beside {found['weights'] / 2**20:,.0f} MiB of weights; "
        f"{found['seconds']:.0f} s in all",
        flush=True,
    )
    return found


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("reviews", type=Path, help="IMDB reviews: text, label")
    parser.add_argument("folder", type=Path, help="where shards and cache go")
    parser.add_argument("--tokens", type=float, default=200e6)
    parser.add_argument("--memory", default="2GiB")
    parser.add_argument("--steps", type=int, default=2500)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--make", action="store_true", help="only make the shards")
    parser.add_argument("--child", choices=["whole", "cache", "memory"], help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.child:
        child(options)
        return
    make(options.reviews, options.folder / "shards", options.tokens)
    if options.make:
        return
    run(options, "whole")
    rates = {"cache": [], "memory": []}
    for number in range(options.rounds):
        for kind in sorted(rates, reverse=bool(number % 2)):
            rates[kind].append(run(options, kind)["rate"])
    cache, memory = (statistics.median(rates[kind]) for kind in ("cache", "memory"))
    print(f"from the cache {cache / memory:.1%} of the rate in memory (medians)")


if __name__ == "__main__":
    main()
