"""What an inspection finds, as plain data: the terminal, JSON and HTML all show these.

Tokens are those of the default `TextVectorizer`: lower case, without punctuation, split at
white space. Two texts are "the same" when they have the same tokens. Shares lie between 0 and 1.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Example:
    """A text and where it stands: `rows` counts all rows that hold it, `places` names a few,
    and `labels` has the label at each of them, None where that file has none."""

    text: str
    places: tuple[str, ...]
    labels: tuple[str | None, ...]
    rows: int


@dataclass(frozen=True)
class Labels:
    """`counts` by falling frequency. `entropy` is in bits, and `effective` is 2 to its power:
    so many labels of equal frequency would be as hard to guess (Shannon 1948).

    `variants` are labels that differ in case or white space alone; `rare` have one row.
    """

    counts: dict[str, int]
    majority: str
    majority_share: float
    entropy: float
    effective: float
    balance: str
    variants: tuple[tuple[str, ...], ...]
    rare: tuple[str, ...]


@dataclass(frozen=True)
class Limit:
    """What cutting texts after `length` tokens would take away; `per_label` is the share of
    each label's tokens that would be lost."""

    length: int
    cut_texts: int
    cut_texts_share: float
    cut_tokens: int
    cut_tokens_share: float
    per_label: dict[str, float]


@dataclass(frozen=True)
class Lengths:
    """Tokens a text: `quantiles` by their name in per cent; `histogram_counts[k]` texts have
    from `histogram_edges[k]` tokens to one less than `histogram_edges[k + 1]`, the last bin all
    that are longer."""

    tokens: int
    mean: float
    quantiles: dict[str, int]
    median_per_label: dict[str, int]
    longest: Example
    histogram_edges: tuple[int, ...]
    histogram_counts: tuple[int, ...]
    limits: tuple[Limit, ...]


@dataclass(frozen=True)
class Vocabulary:
    """How many of the tokens of `held_out_texts` texts are among the most frequent words of
    the others: `coverage` by the number of words kept. `words` and `once` (seen once) are of
    all texts; `other_unknown` is the share of the second file's tokens that no text of the
    first holds."""

    words: int
    once: int
    held_out_texts: int
    coverage: dict[int, float]
    other_unknown: float | None


@dataclass(frozen=True)
class Repeats:
    """Texts that are there more than once. `surplus` rows repeat an earlier row's tokens,
    `surplus_identical` of them its every character; `groups` are the different texts."""

    groups: int
    rows: int
    surplus: int
    surplus_identical: int
    examples: tuple[Example, ...]


@dataclass(frozen=True)
class Contradictions:
    """Texts that are there with different labels, the largest groups first."""

    groups: int
    rows: int
    examples: tuple[Example, ...]


@dataclass(frozen=True)
class Overlap:
    """Texts of the first file that the second (`other`, of `other_rows` rows) holds too.

    `rows` of the first are in the second, `identical` of them to the character, and `in_other`
    rows of the second in the first; `per_label` counts the first's by label. `contradicting`
    rows of the first have a label that no such row of the second has. `unknown_labels` of the
    second are not in the first.
    """

    other: str
    other_rows: int
    rows: int
    identical: int
    in_other: int
    contradicting: int
    per_label: dict[str, int]
    unknown_labels: tuple[str, ...]
    examples: tuple[Example, ...]


@dataclass(frozen=True)
class Oddity:
    """Something in the characters that rarely belongs there: in `texts` texts, `times` times.

    `kind` is `tag` or `entity` of HTML, `mojibake` (UTF-8 read as Windows-1252), `replacement`
    (U+FFFD), `c1` (Windows-1252 read as Latin-1), `control` or `invisible`; `common` counts its
    most frequent forms."""

    kind: str
    texts: int
    times: int
    common: dict[str, int]
    example: Example


@dataclass(frozen=True)
class Characters:
    """`non_ascii` is the share of characters beyond ASCII; `scripts` counts, by the first word
    of their Unicode name, the letters among those."""

    characters: int
    non_ascii: float
    non_ascii_texts: int
    scripts: dict[str, int]
    oddities: tuple[Oddity, ...]


@dataclass(frozen=True)
class Suspect:
    """A text whose given label a model finds improbable; `seen` if it was trained on it."""

    text: str
    place: str
    label: str
    probability: float
    suggested: str
    suggested_probability: float
    seen: bool


@dataclass(frozen=True)
class Suspects:
    """Labels that are probably wrong, the least probable first (Northcutt, Jiang & Chuang 2021).

    `judged` texts had a probability for each label from `basis`, `seen` of which its training
    saw; `count` are suspicious, `count_unseen` among those it did not see. `unjudged` says why
    others have none.
    """

    basis: str
    judged: int
    seen: int
    count: int
    count_unseen: int
    unjudged: dict[str, int]
    examples: tuple[Suspect, ...]


@dataclass(frozen=True)
class Inspection:
    """Everything that was found in the texts of `source`; parts that do not apply are None."""

    source: str
    rows: int
    empty: int
    empty_places: tuple[str, ...]
    refusal: str | None
    labels: Labels | None
    lengths: Lengths
    vocabulary: Vocabulary
    repeats: Repeats
    contradictions: Contradictions | None
    overlap: Overlap | None
    characters: Characters
    suspects: Suspects | None
