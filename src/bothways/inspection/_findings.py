"""What deserves attention, the most important first: a sentence and a piece of advice each."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from bothways.inspection._facts import Inspection, Limit

SEVERITIES = ("problem", "warning", "note")

# From here on something is worth a word, or a warning.
UNSEEN_WORDS = 0.10
CUT_TOKENS = 0.05
REPEATED = 0.01
ODD = 0.01
UNEVEN_CUT = 0.10
ENOUGH = 20  # texts of a label to speak of its lengths
SUSPICIOUS = 0.05


@dataclass(frozen=True)
class Finding:
    """`severity` is `problem` (mend it first), `warning` (look at it) or `note`; `part` is the
    field of the `Inspection` with the details."""

    severity: str
    part: str
    what: str
    advice: str


def findings(facts: Inspection) -> list[Finding]:
    """The findings of an inspection, by falling severity."""
    every = [
        *_labels(facts),
        *_contradictions(facts),
        *_overlap(facts),
        *_characters(facts),
        *_suspects(facts),
        *_repeats(facts),
        *_texts(facts),
        *_vocabulary(facts),
    ]
    return sorted(every, key=lambda finding: SEVERITIES.index(finding.severity))


def counted(count: int, one: str) -> str:
    """`1 text`, `2,000 texts`."""
    return f"{count:,} {one if count == 1 else one + 's'}"


def percent(share: float) -> str:
    """A share in per cent with as many digits as it takes to tell it from none and all."""
    for digits in (1, 2, 3):
        shown = f"{share:.{digits}%}"
        if float(shown[:-1]) not in (0.0, 100.0) or share in (0.0, 1.0):
            return shown.replace("%", " %")
    return "less than 0.001 %" if share < 0.5 else "more than 99.999 %"


def _labels(facts: Inspection) -> Iterator[Finding]:
    labels = facts.labels
    if facts.refusal is not None:
        yield Finding("problem", "labels", f"Not every text has a label: {facts.refusal}.",
                      "Give each row a label, or take out those without one.")  # fmt: skip
    if labels is None:
        return
    if len(labels.counts) == 1:
        yield Finding("problem", "labels", f"All texts have the same label {labels.majority!r}.",
                      "A classifier needs two labels to tell apart.")  # fmt: skip
        return
    for names in labels.variants:
        yield Finding(
            "problem", "labels",
            f"The labels {listed(names)} differ in case or white space alone.",
            "Write them alike, or a model will be trained to tell them apart.",
        )  # fmt: skip
    if labels.rare:
        yield Finding(
            "warning", "labels",
            f"{counted(len(labels.rare), 'label')} with a single text: {listed(labels.rare)}.",
            "A split needs two: it stays in training and is never measured; find more or join it.",
        )  # fmt: skip
    if labels.balance != "even":
        yield Finding(
            "warning" if labels.balance == "very uneven" else "note", "labels",
            f"The labels are {labels.balance}: from {counted(min(labels.counts.values()), 'text')} "
            f"to {max(labels.counts.values()):,}.",
            f"Judge by the F1 of each label: always answering {labels.majority!r} would be right "
            f"in {percent(labels.majority_share)}; train --class-weight balanced helps the others.",
        )  # fmt: skip


def _contradictions(facts: Inspection) -> Iterator[Finding]:
    found = facts.contradictions
    if found is not None and found.groups:
        have = "has" if found.groups == 1 else "have"
        yield Finding(
            "problem", "contradictions",
            f"{counted(found.groups, 'text')} {have} different labels in different rows "
            f"({found.rows:,} rows in all).",
            "Choose one label for each; no model can be right about both.",
        )  # fmt: skip


def _overlap(facts: Inspection) -> Iterator[Finding]:
    overlap = facts.overlap
    if overlap is None:
        return
    if overlap.rows:
        yield Finding(
            "problem", "overlap",
            f"{counted(overlap.rows, 'row')} ({percent(overlap.rows / facts.rows)}) of the first "
            f"file {'is' if overlap.rows == 1 else 'are'} in {overlap.other} too.",
            "If one is for training and the other for testing, take them out of one: "
            "a model is right about what it has seen.",
        )  # fmt: skip
    if overlap.contradicting:
        yield Finding(
            "problem", "overlap",
            f"{counted(overlap.contradicting, 'row')} of the first file "
            f"{'has' if overlap.contradicting == 1 else 'have'} another label in {overlap.other}.",
            "Choose one label for each.",
        )  # fmt: skip
    if overlap.unknown_labels:
        yield Finding(
            "problem", "overlap",
            f"{overlap.other} has labels that the first file lacks: "
            f"{listed(overlap.unknown_labels)}.",
            "A model of the first file cannot answer them; evaluate refuses such a file.",
        )  # fmt: skip


NAMES = {
    "tag": ("HTML tag", "HTML tags"),
    "entity": ("HTML entity", "HTML entities"),
    "mojibake": ("UTF-8 read as Windows-1252", "UTF-8 read as Windows-1252"),
    "replacement": ("replacement character", "replacement characters"),
    "c1": ("Windows-1252 read as Latin-1", "Windows-1252 read as Latin-1"),
    "control": ("control character", "control characters"),
    "invisible": ("invisible character", "invisible characters"),
}
ADVICE = {
    "tag": "Replace tags by a blank before training: without their brackets they become words, "
    "and are glued to the word before them.",
    "entity": "Decode them (Python: html.unescape): '&amp;' is read as the word 'amp'.",
    "mojibake": "Read the source again as UTF-8, or repair it (Python: ftfy).",
    "replacement": "What stood there is lost; go back to the source if you can.",
    "c1": "Read the source again as Windows-1252: these are its quotes and dashes.",
    "control": "Take them out: they are glued to the words beside them.",
    "invisible": "Take them out: a word with one in it is another word.",
}
UNSPACED = ("Cjk", "Hiragana", "Katakana", "Thai", "Lao", "Khmer", "Myanmar")
DAMAGE = ("mojibake", "replacement", "c1", "control")


def _characters(facts: Inspection) -> Iterator[Finding]:
    for oddity in facts.characters.oddities:
        share = oddity.texts / facts.rows
        yield Finding(
            "warning" if share >= ODD or (oddity.kind in DAMAGE and oddity.texts > 2) else "note",
            "characters",
            f"{NAMES[oddity.kind][oddity.times > 1]} in {counted(oddity.texts, 'text')} "
            f"({percent(share)}), {counted(oddity.times, 'time')} in all.",
            ADVICE[oddity.kind],
        )
    letters = sum(facts.characters.scripts.values())
    unspaced = sum(facts.characters.scripts.get(script, 0) for script in UNSPACED)
    if unspaced > 0.05 * facts.characters.characters:
        yield Finding(
            "warning", "characters",
            f"{percent(unspaced / letters)} of the letters beyond ASCII are of a script that "
            "puts no spaces between words.",
            "Separate the words first: texts are split at white space.",
        )  # fmt: skip


def _suspects(facts: Inspection) -> Iterator[Finding]:
    found = facts.suspects
    if found is None or not found.count:
        return
    unseen = found.judged - found.seen
    rate = found.count_unseen / unseen if unseen else found.count / found.judged
    yield Finding(
        "warning" if rate >= SUSPICIOUS else "note", "suspects",
        f"{found.count:,} of {found.judged:,} labels {'is' if found.count == 1 else 'are'} "
        f"suspicious, by {found.basis}.",
        "Read the first of the list: a wrong label in a test file is a wrong figure.",
    )  # fmt: skip


def _repeats(facts: Inspection) -> Iterator[Finding]:
    repeats = facts.repeats
    if repeats.surplus:
        share = repeats.surplus / facts.rows
        yield Finding(
            "warning" if share >= REPEATED else "note", "repeats",
            f"{counted(repeats.surplus, 'row')} ({percent(share)}) "
            f"{'repeats' if repeats.surplus == 1 else 'repeat'} the words of an earlier row, "
            f"{repeats.surplus_identical or 'none'} of them to the letter.",
            "Take them out before a split: a copy in the held-out part flatters the model.",
        )  # fmt: skip


def _texts(facts: Inspection) -> Iterator[Finding]:
    if facts.empty:
        have = "has" if facts.empty == 1 else "have"
        yield Finding(
            "warning", "lengths",
            f"{counted(facts.empty, 'text')} {have} no word: "
            f"{facts.empty_places[0]}{' and others' if facts.empty > 1 else ''}.",
            "A model has nothing to go by there; see whether they belong.",
        )  # fmt: skip
    for limit in facts.lengths.limits:
        if limit.length == 600 and limit.cut_tokens_share >= CUT_TOKENS:
            yield Finding(
                "warning", "lengths",
                f"A limit of 600 tokens, as the preset classic has, would cut "
                f"{percent(limit.cut_texts_share)} of the texts and lose "
                f"{percent(limit.cut_tokens_share)} of the tokens.",
                "Use a recipe without a limit, or a higher one.",
            )  # fmt: skip
        lost = _lost(facts, limit)
        if limit.length == 600 and max(lost) - min(lost) >= UNEVEN_CUT:
            yield Finding(
                "warning", "lengths",
                "A limit of 600 tokens would cut some labels far more than others.",
                "A model may then know a label by its length.",
            )  # fmt: skip


def _lost(facts: Inspection, limit: Limit) -> list[float]:
    """What the labels with enough texts would lose; nothing in a file without labels."""
    counts = {} if facts.labels is None else facts.labels.counts
    return [limit.per_label[name] for name, n in counts.items() if n >= ENOUGH] or [0.0]


def _vocabulary(facts: Inspection) -> Iterator[Finding]:
    coverage = facts.vocabulary.coverage
    if coverage and 1 - max(coverage.values()) >= UNSEEN_WORDS:
        yield Finding(
            "warning", "vocabulary",
            f"{percent(1 - max(coverage.values()))} of the words of a held-out text were never "
            "seen in the others.",
            "More texts help most here; word vectors of others know words that these do not.",
        )  # fmt: skip
    if (facts.vocabulary.other_unknown or 0) >= UNSEEN_WORDS and facts.overlap is not None:
        yield Finding(
            "warning", "vocabulary",
            f"{percent(facts.vocabulary.other_unknown or 0)} of the words of "
            f"{facts.overlap.other} are not in the first file.",
            "The files may be about different things.",
        )  # fmt: skip


def listed(names: tuple[str, ...], most: int = 5) -> str:
    """The first few names in quotes, and how many more there are."""
    more = f" and {len(names) - most:,} more" if len(names) > most else ""
    return ", ".join(map(repr, names[:most])) + more
