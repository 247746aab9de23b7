"""Accuracy against size, beside fastText's quantized models.

    python benchmarks/small.py REVIEWS.parquet [--peer .venv-bench/bin/python] [--preset fast]

`train` with the preset, or a file of one, on all but 5,000 held-out reviews, then `compress` to
each size, judged on the held-out ones; a size is that of the whole folder. `--peer`: a Python with
fastText (that of `make bench`): trained on the same reviews with bigrams, as
`versus/fasttext_job.py` does, and quantized, with its norms in 8 bits too, after cutting its words
to each count and training those again, which is how its authors make small models (Joulin et al.
2016).
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path

HERE = Path(__file__).parent
SIZES = ["5MB", "1MB", "500kB", "250kB", "100kB", "50kB"]
CUTS = [0, 100_000, 25_000, 10_000, 5_000, 2_000, 500]


def row(name: str, size: int, accuracy: float) -> None:
    print(f"{name:32}{size:>12,} bytes  accuracy {accuracy:.4f}", flush=True)


def ours(reviews: str, preset: str, folder: Path) -> None:
    model, small = folder / "model", folder / "small"
    command = [sys.executable, "-m", "bothways"]
    held = [reviews, "--preset", preset, "--valid", "5000", "--out", model, "--json"]
    trained = json.loads(subprocess.check_output([*command, "train", *held], stderr=sys.stderr))
    size = sum(path.stat().st_size for path in model.iterdir())
    row(f"bothways {preset}", size, trained["quality"]["accuracy"])
    for limit in SIZES:
        options = ["--max-size", limit, "--data", reviews, "--held-out", "--overwrite", "--json"]
        done = subprocess.check_output([*command, "compress", model, "--out", small, *options])
        facts = json.loads(done)
        name = f"  {limit}, {facts['tokens']:,} tokens"
        row(name, facts["bytes"], facts["measured"]["accuracy"][1])


def write_lines(reviews: str, folder: Path) -> None:
    """The same split as lines for fastText."""
    from bothways.data import read, split

    sys.path.insert(0, str(HERE / "versus"))
    from fasttext_job import WORD

    rows = read(reviews)
    parts = zip(("train", "valid"), split(rows.labels or [], 5000, 0), strict=True)
    for name, part in parts:
        with (folder / name).open("w", encoding="utf-8") as lines:
            for n in part:
                words = WORD.findall(rows.texts[n].replace("<br />", " ").lower())
                print(f"__label__{rows.labels[n]}", *words, file=lines)


def theirs(folder: Path) -> None:
    sys.path.insert(0, str(HERE / "versus"))
    from _fasttext import BIGRAMS, train

    path, lines, valid = (str(folder / name) for name in ("model", "train", "valid"))
    settings = {**BIGRAMS, "dim": 10, "thread": 2}
    model = train(lines, **settings)
    model.save_model(path)
    row("fastText, bigrams", os.path.getsize(path), model.test(valid)[1])
    for cut in CUTS:
        model = train(lines, **settings)
        again = {"epoch": settings["epoch"], "lr": settings["lr"], "thread": 2, "verbose": 0}
        model.quantize(lines, qnorm=True, cutoff=cut, retrain=cut > 0, **again)
        model.save_model(path)
        name = f"  quantized, {f'{cut:,} rows' if cut else 'all rows'}"
        row(name, os.path.getsize(path), model.test(valid)[1])


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("reviews")
    parser.add_argument("--peer", help="a Python that has fastText")
    parser.add_argument("--preset", default="fast")
    parser.add_argument("--lines", help=argparse.SUPPRESS)
    asked = parser.parse_args()
    if asked.lines:
        theirs(Path(asked.lines))
    else:
        with tempfile.TemporaryDirectory() as temporary:
            ours(asked.reviews, asked.preset, Path(temporary) / "ours")
            if asked.peer:
                folder = Path(temporary) / "fasttext"
                folder.mkdir()
                write_lines(asked.reviews, folder)
                command = [asked.peer, __file__, asked.reviews, "--lines", str(folder)]
                subprocess.run(command, check=True)
