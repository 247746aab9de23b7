"""The card of a model folder: its README, for people."""

from __future__ import annotations

from typing import Any

from bothways.artifact._front_matter import front_matter, score
from bothways.artifact._network import NetworkSpec
from bothways.artifact._spec import Spec

_MEASURES = ("log_loss", "calibration_error")
_ANY_NUMBER = """
A text has any number of the labels: each that has a probability of at least one half."""


def card(spec: Spec, source: str | None = None) -> str:
    """The README of a model folder: what it is, what it was trained on, how good it is."""
    n, v, t, q = spec.network, spec.vectorizer, spec.training, spec.quality
    parameters = sum(_size(shape) for shape in spec.tensor_shapes.values())
    kept = {"head": "the first", "tail": "the last", "middle": "the first and last"}[v.truncate]
    limit = v.output_sequence_length
    cut = f"; of longer texts {kept} {limit:,} tokens are read" if limit else ""
    lines = [
        *front_matter(spec),
        f"# Text classifier: {', '.join(spec.labels[:6])}{', ...' if len(spec.labels) > 6 else ''}",
        "",
        f"{_readers(n)} states are pooled "
        f"({n.pooling}) and one dense layer gives the probability of {len(spec.labels)} labels."
        f"{_ANY_NUMBER if n.multilabel else ''}",
        "",
        "| | |",
        "|---|---|",
        f"| vocabulary | {len(v.vocabulary):,} tokens{cut} |",
        *_words(v.standardize),
        f"| embedding, hidden | {n.embedding_dim}, {_widths(n)} |",
        f"| weights | {parameters:,} {'float32' if spec.storage == 'f32' else 'in 8 bits'} |",
        f"| padding | {'never computed' if n.mask else 'read, as an unmasked model does'} |",
        *(_imported(t["imported"]) if "imported" in t else _trained(t, source)),
    ]
    weighted = ", weighted as in training" if "weighted" in q else ""
    if "micro_f1" in q:
        lines.append(
            f"| held-out micro F1{weighted} | {q['micro_f1']:.4f} on {q['held_out_texts']:,} texts "
            f"(all labels right {q['accuracy']:.4f}, log loss {q['log_loss']:.4f}, "
            f"epoch {q['epoch']}) |"
        )
    elif q:
        lines.append(
            f"| held-out accuracy{weighted} | {q['accuracy']:.4f} on {q['held_out_texts']:,} texts "
            f"(log loss {q['log_loss']:.4f}, epoch {q['epoch']}) |"
        )
    if "calibration" in q:
        lines.append(f"| probabilities | {calibration(q['calibration'])} |")
    elif q:
        lines.append("| probabilities | not calibrated |")
    if "unlabeled_texts" in t:
        lines.append(f"| unlabelled texts learned from | {t['unlabeled_texts']:,} |")
    if "vectors_learned_from" in t:
        some = t["vectors_learned_from"]
        lines.append(
            f"| word vectors | learned from {some['texts']:,} of these texts, {some['tokens']:,} "
            "tokens, drawn by chance |"
        )
    if "vectors" in t:
        lines.append(f"| word vectors | {t['vectors']['source']}: {coverage(t['vectors'])} |")
    if "bf16" in t:
        lines.append(f"| precision | {_rounding(t['bf16'])} |")
    if "compressed" in t:
        lines += _compressed(t["compressed"])
    lines += [
        "",
        _optimism(t, q)
        if q
        else "Compressed from a larger model; the figures of its training were that one's."
        if "compressed" in t
        else "Trained elsewhere, so its quality was not measured here."
        if "imported" in t
        else "Nothing was held out, so its quality was not measured.",
        "",
        "```",
        "bothways predict MODEL texts.txt",
        "```",
        "",
        f"Made by Bothways {spec.bothways_version}.",
    ]
    return "\n".join(lines) + "\n"


def _words(standardize: str | None) -> list[str]:
    """How words are found, where that is not Keras's rule or one of its others."""
    if standardize != "lower_and_split_at_punctuation":
        return []
    return ["| words | in lower case; punctuation ends them, but apostrophes, which vanish |"]


def _readers(n: NetworkSpec) -> str:
    """The LSTM layers as the subject of a sentence, which goes on with "states"."""
    if n.lower_layers:
        return f"{n.layers} LSTM layers of {_widths(n)} units read each text; the last's"
    direction = "both directions" if n.bidirectional else "one direction"
    if n.layers == 1:
        if n.lookahead is not None:
            direction += f", back from {n.lookahead} tokens ahead of each one"
        return f"An LSTM of {n.hidden_size} units reads each text in {direction}; its"
    return (
        f"{n.layers} LSTM layers of {n.hidden_size} units read each text in {direction}; the last's"
    )


def _widths(n: NetworkSpec) -> str:
    """The units of the layers, and of layers that differ their directions and merge too."""
    if not n.lower_layers:
        return str(n.hidden_size)
    return ", ".join(
        f"{k.hidden_size} ({f'both directions, {k.merge}' if k.bidirectional else 'one direction'})"
        for k in n.stack
    )


def _trained(t: dict[str, Any], source: str | None) -> list[str]:
    """How the model was trained and on what."""
    lines = [
        f"| preset, seed | {t['recipe']['name']}, {t['seed']} |",
        f"| trained on | {t['texts']:,} texts{f' of {source}' if source else ''} "
        f"in {t['seconds']:.0f} s |",
    ]
    for label, count in list(t["labels"].items())[:20]:
        lines.append(f"| texts labelled `{label}` | {count:,} |")
    if "class_weight" in t:
        weights = ", ".join(f"`{k}` {w:.3g}" for k, w in list(t["class_weight"].items())[:20])
        lines.append(f"| weights of the labels | {weights} |")
    if "sample_weight" in t:
        w = t["sample_weight"]
        lines.append(f"| weights of the texts | {w['least']:g} to {w['most']:g} |")
    if t["cut_texts"]:
        lines.append(
            f"| cut | {t['cut_texts']:,} texts lost "
            f"{t['cut_tokens'] / t['tokens']:.1%} of all tokens |"
        )
    return lines


def _imported(facts: dict[str, Any]) -> list[str]:
    """Where a model came from that was trained by another program."""
    return [f"| trained by | {facts['program']}, imported from {facts['source']} |"]


def coverage(v: dict[str, Any]) -> str:
    """How many words and tokens have a vector, from the facts that a training leaves."""
    composed = f", {v['composed']:,} of them composed of parts" if v["composed"] else ""
    return (
        f"{v['words']:,} of {v['of_words']:,} words ({v['words'] / max(1, v['of_words']):.1%})"
        f"{composed}, and {v['token_share']:.1%} of the tokens"
    )


def calibration(c: dict[str, Any]) -> str:
    """What a temperature does to probabilities, from the facts that a training leaves."""
    scaled = (
        f"scores are divided by the temperature {c['temperature']:.3f}"
        if c["temperature"] != 1
        else "not scaled, as a temperature did not lower the log loss"
    )
    losses, errors = ("{:.4f} before, {:.4f} after".format(*c[k]) for k in _MEASURES)
    return (
        f"{scaled}; log loss {losses}; calibration error {errors} ({c['bins']} bins; after: on "
        f"each of {c['folds']} parts of the {c['texts']:,} held-out texts with the temperature "
        "of the others)"
    )


def _optimism(t: dict[str, Any], q: dict[str, Any]) -> str:
    if "autotune" not in t:
        return "The held-out texts chose the best epoch, so their figures are a little optimistic."
    a, (name, _) = t["autotune"], score(q)
    return (
        f"A search of {a['seconds']:.0f} s chose the recipe: the best of {a['trials']} trials, the "
        f"first of which had the held-out {name} {a['first_accuracy']:.4f}. All were measured on "
        "the same texts, so that of the best is optimistic: measure it on texts of their own with "
        "`bothways evaluate`. `preset.json` is the recipe, `trials.jsonl` the best trials."
    )


def _rounding(b: dict[str, Any]) -> str:
    if b["computed_in"] == "f32":
        return f"float32: bf16 was asked for, and the tier {b['tier']} has no instructions for it"
    return (
        f"trained with products of bfloat16 ({b['tier']}); on {b['texts']:,} texts they move a "
        f"probability by {b['mean_difference']:.1e} on average and {b['largest_difference']:.1e} "
        f"at most, and {b['other_labels']:,} labels; predictions are made in float32 if not "
        "asked otherwise"
    )


def _compressed(c: dict[str, Any]) -> list[str]:
    """What the model was compressed from, and what that did to its answers."""
    limit = f", to fit {c['max_bytes']:,} bytes" if c["max_bytes"] else ""
    made = (
        f"{c['tokens']:,} of {c['tokens_before']:,} tokens are kept, from "
        f"a folder of {c['bytes_before']:,} bytes{limit}"
    )
    m = c.get("measured")
    if m is None:
        cost = "was not measured: no texts were given"
    else:
        of = f" of {m['source']}" if m["source"] else ""
        cost = f"on {m['texts']:,} texts{of}: "
        if "accuracy" in m:
            cost += "accuracy {:.4f} before, {:.4f} after; ".format(*m["accuracy"])
            cost += "log loss {:.4f} before, {:.4f} after; ".format(*m["log_loss"])
        cost += (
            f"{m['same_label']:.2%} keep their label; a probability moves by "
            f"{m['mean_change']:.4f} on average and {m['largest_change']:.4f} at most"
        )
    return [f"| compressed | {made} |", f"| what that cost | {cost} |"]


def _size(shape: tuple[int, ...]) -> int:
    product = 1
    for length in shape:
        product *= length
    return product
