"""bothways train: from a labelled file to a model folder."""

from __future__ import annotations

import signal
import sys
import time
from collections.abc import Callable
from dataclasses import asdict
from functools import partial
from typing import TYPE_CHECKING, Annotated, Any

import typer

from bothways.errors import ArgumentError, require

if TYPE_CHECKING:
    from rich.console import Console

    from bothways.data import Dataset
    from bothways.estimators import TextClassifier
    from bothways.training import UnfinishedRun


def train(
    data: Annotated[str, typer.Argument(help="Labelled texts: .csv .tsv .jsonl .parquet, a "
                                        "fastText .txt, a folder with one subfolder a label, or "
                                        "shards: a folder, glob or URL of files, - for stdin.")],
    out: Annotated[str, typer.Option(help="The model folder to write.")],
    text: Annotated[str | None, typer.Option(help="Column of the texts.")] = None,
    label: Annotated[str | None, typer.Option(help="Column of the labels.")] = None,
    weight: Annotated[str | None, typer.Option(help="Column of what each text counts, a number "
                                               "from 0.")] = None,
    label_separator: Annotated[str | None, typer.Option(help="What divides several labels in a "
                                                        "cell, such as '|'.")] = None,
    class_weight: Annotated[str | None, typer.Option(help="What the texts of each label count: "
                                                     "'balanced', or a .json file.")] = None,
    valid: Annotated[str | None, typer.Option(help="What to hold out to choose the best epoch: a "
                                              "fraction, a number of texts, a file, "
                                              "hash:FRACTION, column:NAME, or 'none'; 0.2 if not "
                                              "given, of shards hash:0.1.")] = None,
    preset: Annotated[str | None, typer.Option(help="The recipe: a name (see `bothways presets`) "
                                        "or a file that ends with .json; fast, or that of "
                                        "--from.")] = None,
    epochs: Annotated[int | None, typer.Option(min=1, help="Passes over the texts.")] = None,
    calibrate: Annotated[bool | None, typer.Option("--calibrate/--no-calibrate", help="Fit a "
                         "temperature to the held-out texts; done from 100 on if not given.")
                         ] = None,
    seed: Annotated[int, typer.Option(min=0, max=2**32 - 1, help="Same seed, same bits.")] = 0,
    threads: Annotated[int | None, typer.Option(min=1, help="CPU threads; all cores "
                                                "if not given.")] = None,
    precision: Annotated[str | None, typer.Option(help="Of the products: f32 or bf16; the "
                                                  "recipe's if not given.")] = None,
    checkpoint: Annotated[int | None, typer.Option(min=1, help="Keep the state of every N-th "
                                                   "token alone: less memory for very long "
                                                   "texts, the same result.")] = None,
    unlabeled: Annotated[str | None, typer.Option(help="More texts of the same kind, without "
                                                  "labels, to learn from.")] = None,
    max_length: Annotated[int | None, typer.Option(min=1, help="Tokens that are read of a text at "
                                                   "most; the recipe's if not given.")] = None,
    truncate: Annotated[str | None, typer.Option(help="What to read of longer texts: head, tail, "
                                                 "or middle: cut there, both ends kept.")] = None,
    directions: Annotated[str | None, typer.Option(help="both, for whole texts, or forward, for "
                                                   "answers while a text comes in; the recipe's "
                                                   "if not given.")] = None,
    lookahead: Annotated[int | None, typer.Option(min=0, max=256, help="Read back from so many "
                                                  "tokens after each one alone, for answers that "
                                                  "come so late.")] = None,
    vectors: Annotated[str | None, typer.Option(help="Word vectors to begin with: .vec, .txt, or "
                                                ".bin of word2vec or fastText.")] = None,
    start_from: Annotated[str | None, typer.Option("--from", help="A model to go on from; new "
                                                   "words and labels are added.")] = None,
    device: Annotated[str, typer.Option(help="cpu, or cuda, which needs torch.")] = "cpu",
    autotune: Annotated[str | None, typer.Option(help="Search for the best recipe for so long, "
                                                 "such as 90s, 10m or 1h.")] = None,
    max_size: Annotated[str | None, typer.Option(help="With --autotune: the most that the model "
                                                 "may take, such as 5MB.")] = None,
    memory: Annotated[str | None, typer.Option(help="Train from a cache on disk, as from shards: "
                                               "what may be taken beside the model; 1GB if "
                                               "not given.")] = None,
    cache: Annotated[str | None, typer.Option(help="The folder of that cache; ~/.cache/bothways "
                                              "if not given.")] = None,
    resume: Annotated[bool, typer.Option("--resume", help="Go on with a run that was killed or "
                                         "interrupted, to the same bits.")] = False,
    overwrite: Annotated[bool, typer.Option(help="Replace a model that is there.")] = False,
    json: Annotated[bool, typer.Option("--json", help="Print the result as JSON.")] = False,
) -> None:  # fmt: skip
    """Train a classifier on labelled texts and save it as a folder."""
    started = time.monotonic()
    from bothways import artifact
    from bothways.cli._autotune import tuned, wanted
    from bothways.cli._multilabel import several
    from bothways.cli._output import print_json
    from bothways.cli._progress import TrainingProgress
    from bothways.cli._ranks import joined
    from bothways.cli._resume import check_replaceable
    from bothways.cli._train_shards import check_shards, fit_shards
    from bothways.cli._weights import read_class_weight
    from bothways.data import check_label_sets, held_out_column, is_shards, read, show
    from bothways.training import launch

    # What can be refused without scikit-learn is refused before it is loaded: that takes a second.
    place, search = launch(), wanted(autotune, max_size)
    if search is not None and resume:
        raise ArgumentError("--resume goes on with a run, and a search (--autotune) is none")
    if search is not None and start_from is not None:
        raise ArgumentError("--autotune searches for a recipe, and --from has that of its model")
    if search is not None and place is not None and place.size > 1:
        raise ArgumentError(
            f"--autotune searches in one process, and the launcher started {place.size}"
        )
    with joined(place, device) as team:
        console, resume = team.console(), resume or team.restarted
        if team.leads:
            artifact.check_writable(out, overwrite=overwrite or resume)
        read_rows = partial(
            read,
            text=text,
            label=label,
            weight=weight,
            multilabel=True,
            label_separator=label_separator,
        )
        larger = memory is not None or cache is not None or is_shards(data)
        how: Any = {}
        if larger:
            check_shards(valid, unlabeled, search)
            weights, validation = read_class_weight(class_weight, None), None
        else:
            rows = read_rows(data, held_out=held_out_column(valid))
            labels = check_label_sets(rows)
            weights = read_class_weight(class_weight, labels)
            held_out_rows = _validation(valid or "0.2", read_rows, rows.label_sets is not None)
            validation, how["valid"] = held_out_rows
            how["sample_weight"] = rows.weights
            if rows.held_out is not None:
                how["held_out"] = rows.held_out
            given: tuple[Any, Any] = (
                rows.texts,
                rows.labels if rows.label_sets is None else rows.label_sets,
            )
            told = f"{len(rows):,} texts with {len(labels)} labels{several(rows)}"
            console.print(f"{told} from {show(data)}")
        if unlabeled is not None:
            others = read(unlabeled, text=text, need_labels=False)
            how["unlabeled"] = others.texts
            console.print(f"{len(others):,} texts without labels from {show(unlabeled)}")

        require("sklearn", extra="train", purpose="training")
        from bothways.estimators import TextClassifier, save_model

        classifier = TextClassifier(
            preset=preset,
            epochs=epochs,
            precision=precision,
            checkpoint=checkpoint,
            max_length=max_length,
            truncate=truncate,
            directions=directions,
            lookahead=lookahead,
            vectors=vectors,
            start_from=start_from,
            class_weight=weights,
            validation=validation,
            calibrate=calibrate,
            random_state=seed,
            threads=team.threads(threads),
            device=device,
        )
        stopped = _interrupt_on_termination() if team.ranks is None else []
        with team.run(out, console, resume=resume, overwrite=overwrite) as run:
            if run is not None:
                check_replaceable(out, run, overwrite=overwrite)
                if resume and run.saved is None:
                    console.print(f"there is no unfinished run at {run.path}: beginning anew")
            if search is not None:
                classifier = tuned(classifier, console, *given, search, started, **how)
            else:
                with TrainingProgress(console, run) as progress:
                    how |= {"watcher": progress, "run": run, "ranks": team.ranks}
                    if larger:
                        columns = {"text": text, "label": label, "weight": weight}
                        columns["label_separator"] = label_separator
                        shards = {"valid": valid, "memory": memory, "cache": cache}
                        fit_shards(classifier, data, console, columns | shards, how)
                    else:
                        classifier.fit(*given, **how)
            if run is None:
                return  # the first process has the same model, and saves it
            save_model(out, classifier.fitted_, overwrite=overwrite or resume, source=show(data))
            if not classifier.history_.interrupted:
                run.finish()

        _tell(console, classifier, run)
        console.print(f"saved {out} after {time.monotonic() - started:.1f} s")
        if json:
            print_json(_document(out, classifier))
        if classifier.history_.interrupted:
            sys.exit(143 if stopped else 130)


def _tell(console: Console, classifier: TextClassifier, run: UnfinishedRun) -> None:
    """What a training has come to, a line each."""
    from bothways import artifact
    from bothways.cli._resume import begun_from

    spec, history = classifier.model_.spec, classifier.history_
    cut = classifier.fitted_.truncation
    if cut.cut_texts:
        of = spec.vectorizer
        console.print(f"{cut} (at {of.output_sequence_length} tokens, truncate {of.truncate})")
    if "started_from" in spec.training:
        console.print(begun_from(spec.training["started_from"]))
    begun = spec.training.get("vectors")
    if begun:
        console.print(
            f"word vectors: {artifact.coverage(begun)}; the embedding has their width, "
            f"{begun['width']} (the preset's is {begun['width_of_preset']})"
        )
    if history.interrupted:
        console.print("interrupted: the best so far is kept")
        if run.is_kept:
            console.print("the same command with --resume goes on with the run")
    rounding = spec.training.get("bf16")
    if rounding and rounding["computed_in"] == "f32":
        console.print(
            "precision bf16 was asked for and f32 was used: "
            f"the tier {rounding['tier']} has no instructions for it"
        )
    quality = spec.quality
    if quality:
        name, score = artifact.score(quality)
        console.print(
            f"held-out {name}{', weighted as in training,' if 'weighted' in quality else ''} "
            f"{score:.4f} on {quality['held_out_texts']:,} texts, "
            f"epoch {quality['epoch']} of {len(history)}"
        )
    if "calibration" in quality:
        console.print(f"probabilities: {artifact.calibration(quality['calibration'])}")


def _validation(
    valid: str, read_rows: Callable[[str], Dataset], multilabel: bool
) -> tuple[Any, Any]:
    """What `--valid` means: what to hold out of DATA, or a file's texts, labels, weights."""
    if valid.lower() in ("none", "0"):
        return None, None
    if valid.startswith(("hash:", "column:")):
        return valid, None
    try:
        return (int(valid) if valid.isdigit() else float(valid)), None
    except ValueError:
        rows = read_rows(valid)
        one = rows.labels is not None and not multilabel
        return None, (rows.texts, rows.labels if one else rows.sets, rows.weights)


def _interrupt_on_termination() -> list[int]:
    """Let SIGTERM end the training as Ctrl-C does; the list is filled when it came."""
    came: list[int] = []

    def handler(number: int, _: object) -> None:
        came.append(number)
        raise KeyboardInterrupt

    signal.signal(signal.SIGTERM, handler)
    return came


def _document(out: str, classifier: Any) -> dict[str, Any]:
    spec, history = classifier.model_.spec, classifier.history_
    trials = {"trials": [asdict(trial) for trial in getattr(classifier, "trials_", [])]}
    return {
        "model": out,
        "labels": list(spec.labels),
        "quality": spec.quality,
        "training": spec.training,
        "history": [epoch.row() for epoch in history],
        "interrupted": history.interrupted,
        **(trials if trials["trials"] else {}),
    }
