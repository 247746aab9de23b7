"""bothways demo: the whole story in half a minute, no data needed."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Annotated, Any

import typer

from bothways.errors import DataError, require

# Texts have at most some thirty words; the rest is padding, as in a service that
# fills everything to the length of its longest text.
LENGTH = 200
MODELS = {
    "forward, padding read": (False, False),
    "forward, masked": (False, True),
    "both ways, padding read": (True, False),
    "both ways, masked": (True, True),
}
SENTENCES = (
    "the play would be dreadful my friends told me and they were wrong",
    "the play would be dreadful my friends told me and they were right",
    "this album would be a quiet masterpiece the posters said so we went on a rainy evening "
    "and not a word of it was true",
    "",
)


def demo(
    out: Annotated[str, typer.Option(help="Folder for data, models and picture.")] = "demo",
) -> None:
    """Train four models on made-up texts whose late words decide what the early ones meant."""
    require("sklearn", extra="train", purpose="the demo")
    from bothways import load
    from bothways.cli._demo_corpus import write
    from bothways.cli._demo_picture import draw_fading
    from bothways.cli._output import results

    console, started, folder = results(), time.perf_counter(), Path(out)
    _make_room(folder)
    write(folder / "train.csv", 2000, seed=1)
    write(folder / "test.csv", 1000, seed=2)
    console.print(
        f"2,000 made-up reviews are in {folder / 'train.csv'}. Early in each stands a praise or a\n"
        f"reproach, late in it whether that was true. Four models read them, filled to {LENGTH}\n"
        "tokens as usual, or masked, when the padding is never computed:\n"
    )
    rows = [_train_one(name, folder) for name in MODELS]
    console.print(_table(rows))

    picture = folder / "fading.png"
    best = load(folder / "both-ways-masked")
    draw_fading(best, load(folder / "both-ways-padding-read"), picture)
    console.print(f"\nHow a forward state fades through padding that is read: {picture}\n")
    probabilities = best.predict_proba(SENTENCES)
    for text, row in zip(SENTENCES, probabilities, strict=True):
        console.print(f"  {best.labels[row.argmax()]:5}{row.max():.4f}  {text or '(empty text)'}")
    console.print(
        f"\n{time.perf_counter() - started:.0f} seconds in all. With a file of your own:\n\n"
        "  bothways train reviews.csv --out my-model\n"
        "  bothways evaluate my-model more-reviews.csv\n"
        "  bothways predict my-model texts.txt\n"
    )


def _make_room(folder: Path) -> None:
    """A new folder, or the one of an earlier demo."""
    if folder.exists() and not folder.is_dir():
        raise DataError(f"{folder}: is a file; choose another folder with --out")
    if folder.is_dir() and any(folder.iterdir()) and not (folder / "train.csv").is_file():
        raise DataError(f"{folder}: holds something else; choose another folder with --out")
    folder.mkdir(parents=True, exist_ok=True)


def _train_one(name: str, folder: Path) -> dict[str, Any]:
    """Train and save one of the four models, and measure it as `bothways evaluate` does."""
    from dataclasses import replace

    from bothways import TextClassifier, read
    from bothways.report import answer, measure
    from bothways.training import preset

    both, mask = MODELS[name]
    recipe = replace(
        preset("classic"),
        name=f"demo, {name}",
        length=LENGTH,
        embedding_dim=32,
        hidden_size=16,
        dropout=0.2,
        learning_rate=5e-3,
        bidirectional=both,
        mask=mask,
        epochs=10,
        patience=10,
    )
    rows = read(folder / "train.csv")
    classifier = TextClassifier(preset=recipe).fit(rows.texts, rows.labels or [])
    classifier.save(folder / name.replace(", ", "-").replace(" ", "-"), overwrite=True)
    figures = measure(answer(classifier.model_, read(folder / "test.csv")))
    seconds = sum(epoch.train_seconds for epoch in classifier.history_)
    return {"name": name, "accuracy": figures["accuracy"], "seconds": seconds}


def _table(rows: list[dict[str, Any]]) -> Any:
    from rich.table import Table

    table = Table(box=None, pad_edge=False)
    table.add_column("model")
    table.add_column("accuracy on 1,000 new texts", justify="right")
    table.add_column("seconds of training", justify="right")
    for row in rows:
        table.add_row(row["name"], f"{row['accuracy']:.1%}", f"{row['seconds']:.1f}")
    return table
