"""Rates of `predict --out` beside plain `predict`, and a run that is killed beside one that is not.

    python benchmarks/scoring.py MODEL REVIEWS.parquet [--rounds 3] [--json FILE]
    python benchmarks/scoring.py MODEL REVIEWS.parquet --ray [--texts 400000]
    python benchmarks/scoring.py MODEL REVIEWS.parquet --kill 3 [--texts 1000000]

Reviews (column `text`) are repeated and perturbed, each copy with a twentieth of its words left out
by chance, seed 0, until there are `--texts`; shards hold 20,000. Without `--ray` and `--kill`
everybody takes turns at the texts of five shards, on one thread and on two: lines of text through
`predict`, and shards of each format through `predict --out`. Figures are medians of the rounds,
without the time to read the model: texts a second, and microseconds of processor time, which a busy
machine changes less. With `--ray` one process of two threads takes turns with Ray Data and its
actors of one thread, its start included, and the answers must be the same. With `--kill` all shards
are scored once, and once more in a run that is killed with SIGKILL so many times, evenly spread,
and begun again; then the folders are compared, byte by byte.
"""

from __future__ import annotations

import argparse
import json
import resource
import signal
import statistics
import subprocess
import sys
import tempfile
import time
from hashlib import sha256
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.csv
import pyarrow.parquet as pq
from environment import machine

SHARD = 20_000
COMMAND = [sys.executable, "-m", "bothways", "predict"]


def perturbed(reviews: list[str], texts: int, folder: Path) -> None:
    """Write `texts` texts made of the reviews to shards in `folder`."""
    rng = np.random.default_rng(0)
    for first in range(0, texts, SHARD):
        rows = []
        for n in range(first, min(first + SHARD, texts)):
            words = np.array(reviews[n % len(reviews)].split(" "), object)
            kept = words[rng.random(len(words)) >= 0.05] if n >= len(reviews) else words
            rows.append(" ".join(kept))
        table = pa.table({"id": np.arange(first, first + len(rows)), "text": rows})
        pq.write_table(table, folder / f"part-{first // SHARD:05}.parquet")


def in_other_formats(parquet: Path, work: Path) -> dict[str, Path]:
    """The same texts as csv, JSON Lines and lines of text; the folder or file of each."""
    found = {"lines": work / "lines.txt", "parquet": parquet}
    for kind in ("csv", "jsonl"):
        found[kind] = work / kind
        found[kind].mkdir()
    with found["lines"].open("w", encoding="utf-8") as lines:
        for shard in sorted(parquet.iterdir()):
            table = pq.read_table(shard)
            pa.csv.write_csv(table, found["csv"] / f"{shard.stem}.csv")
            rows = table.to_pylist()
            text = "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows)
            (found["jsonl"] / f"{shard.stem}.jsonl").write_text(text, encoding="utf-8")
            lines.writelines(" ".join(row["text"].splitlines()) + "\n" for row in rows)
    return found


def timed(command: list[object]) -> tuple[float, float, bytes]:
    """Seconds of a command, seconds of processor time, and what it wrote to stdout."""
    before, start = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
    done = subprocess.run(
        command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
    )
    seconds, after = time.perf_counter() - start, resource.getrusage(resource.RUSAGE_CHILDREN)
    done.check_returncode()
    spent = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return seconds, spent, done.stdout


def turn(
    model: str, kind: str, data: Path, texts: int, threads: int, work: Path
) -> dict[str, float]:
    """Score once, beyond reading the model: texts a second, and what a text costs."""
    command = [*COMMAND, model, data, "--threads", str(threads)]
    idle, idle_spent, _ = timed([*COMMAND, model])
    if kind == "lines":
        seconds, spent, _ = timed(command)
        found = {"rows_per_second": texts / (seconds - idle)}
    else:
        with tempfile.TemporaryDirectory(dir=work) as out:
            _, spent, told = timed([*command, "--out", out, "--json"])
        found = json.loads(told)
    return {
        "rate": found["rows_per_second"],
        "microseconds": 1e6 * (spent - idle_spent) / texts,
        **({"not_the_model": found["not_the_model"]} if "not_the_model" in found else {}),
    }


def rates(
    model: str, parquet: Path, texts: int, work: Path, rounds: int
) -> dict[str, dict[str, float]]:
    """The medians of everybody's turns, by who it is."""
    data = in_other_formats(parquet, work)
    cases = [(kind, threads) for threads in (1, 2) for kind in data]
    turns: dict[tuple[str, int], list[dict[str, float]]] = {case: [] for case in cases}
    for n in range(rounds):
        for case in cases[n % len(cases) :] + cases[: n % len(cases)]:
            turns[case].append(turn(model, case[0], data[case[0]], texts, case[1], work))
    results = {}
    for (kind, threads), found in turns.items():
        name = f"{kind}, threads {threads}"
        results[name] = {key: statistics.median(f[key] for f in found) for key in found[0]}
        share = results[name].get("not_the_model")
        more = "" if share is None else f"   not the model {share:5.1%}"
        rate, spent = results[name]["rate"], results[name]["microseconds"]
        print(f"{name:20}{rate:9,.0f} texts/s{spent:7.0f} microseconds a text{more}", flush=True)
    return results


def beside_ray(model: str, parquet: Path, work: Path, rounds: int) -> dict[str, dict[str, float]]:
    """Medians of scoring by one process and by Ray, whose files must be the same."""
    cases = {"local": ["--threads", "2"], "ray": ["--engine", "ray", "--threads", "1"]}
    turns: dict[str, list[dict[str, float]]] = {name: [] for name in cases}
    written = {}
    for n in range(rounds):
        for name in list(cases)[:: 1 if n % 2 else -1]:
            with tempfile.TemporaryDirectory(dir=work) as out:
                command = [*COMMAND, model, parquet, "--out", out, "--json", *cases[name]]
                seconds, _, told = timed(command)
                written[name] = digests(Path(out))
            rate = json.loads(told)["rows_per_second"]
            turns[name].append({"seconds_of_the_command": seconds, "rate": rate})
    if written["local"] != written["ray"]:
        sys.exit("the two wrote different files")
    results = {}
    for name, found in turns.items():
        results[name] = {key: statistics.median(f[key] for f in found) for key in found[0]}
        times = ", ".join(f"{f['seconds_of_the_command']:.1f}" for f in found)
        print(f"{name:6}{results[name]['rate']:9,.0f} texts/s   {times} s the whole command")
    return results


def digests(folder: Path) -> dict[str, str]:
    """The SHA-256 of every file of a folder."""
    return {
        str(path.relative_to(folder)): sha256(path.read_bytes()).hexdigest()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


def killed(model: str, parquet: Path, work: Path, kills: int) -> dict[str, object]:
    """Score in one go, and with kills; whether both are the same."""
    shards = len(list(parquet.iterdir()))
    whole, broken = work / "whole", work / "broken"
    start = time.perf_counter()
    done = subprocess.run(
        [*COMMAND, model, parquet, "--out", whole, "--json"], capture_output=True, check=True
    )
    found = json.loads(done.stdout)
    seconds = time.perf_counter() - start
    print(f"in one go: {found['rows']:,} texts in {seconds:.0f} s", flush=True)
    command = [*COMMAND, model, parquet, "--out", broken]
    reached = []
    for n in range(1, kills + 1):
        with subprocess.Popen(command, stderr=subprocess.DEVNULL) as process:
            while process.poll() is None and len(list(broken.glob("*.parquet"))) < (
                shards * n // (kills + 1)
            ):
                time.sleep(0.01)
            time.sleep(0.5)  # into the next shard
            process.send_signal(signal.SIGKILL)
        reached.append(len(list(broken.glob("*.parquet"))))
        left = len(list(broken.glob(".*")))
        print(f"killed with {reached[-1]} of {shards} shards there, {left} unfinished", flush=True)
    last = subprocess.run([*command, "--json"], capture_output=True, check=True)
    already = json.loads(last.stdout)["already_there"]
    one, other = digests(whole), digests(broken)
    same = one == other
    print(f"begun again with {already} shards there; the same {len(one)} files: {same}", flush=True)
    return {
        "texts": found["rows"],
        "shards": shards,
        "seconds_in_one_go": seconds,
        "shards_at_each_kill": reached,
        "same": same,
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("model")
    parser.add_argument("reviews")
    parser.add_argument("--texts", type=int)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--ray", action="store_true", help="one process beside Ray Data")
    parser.add_argument("--kill", type=int, default=0, metavar="TIMES")
    parser.add_argument("--work", help="Folder for some gigabytes of shards; they are removed.")
    parser.add_argument("--json", metavar="FILE")
    options = parser.parse_args()
    reviews = pq.read_table(options.reviews, columns=["text"])["text"].to_pylist()
    texts = options.texts or (1_000_000 if options.kill else (20 if options.ray else 5) * SHARD)
    result: dict[str, object] = {"machine": machine(), "texts": texts}
    print(json.dumps(result["machine"]), flush=True)
    with tempfile.TemporaryDirectory(dir=options.work) as folder:
        work = Path(folder)
        parquet = work / "parquet"
        parquet.mkdir()
        perturbed(reviews, texts, parquet)
        if options.kill:
            result["killed"] = killed(options.model, parquet, work, options.kill)
        elif options.ray:
            result["beside_ray"] = beside_ray(options.model, parquet, work, options.rounds)
        else:
            result["rates"] = rates(options.model, parquet, texts, work, options.rounds)
    if options.json:
        Path(options.json).write_text(json.dumps(result, indent=1) + "\n")
    if options.kill and not result["killed"]["same"]:  # type: ignore[index]
        sys.exit("the two folders differ")


if __name__ == "__main__":
    main()
