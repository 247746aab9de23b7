"""TextVectorizer: adapt to texts, then turn texts into ids."""

from __future__ import annotations

import warnings
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from bothways._ragged import Ragged
from bothways.errors import ArgumentError, NotFittedError
from bothways.kernels import _kernels
from bothways.text._texts import as_texts, unicode_standardized
from bothways.text._vocabulary import PADDING, UNKNOWN, checked_vocabulary, most_frequent

STANDARDIZE = ("lower_and_strip_punctuation", "lower", "strip_punctuation", None)
SPLIT = ("whitespace", "character")


class TruncationWarning(UserWarning):
    """Texts were longer than the vectorizer lets through."""


@dataclass(frozen=True)
class Truncation:
    """What the length limit cut off: of `texts` with `tokens` in all, `cut_texts` lost
    `cut_tokens`."""

    texts: int
    tokens: int
    cut_texts: int
    cut_tokens: int

    def __str__(self) -> str:
        if not self.cut_texts:
            return "no text was cut"
        return (
            f"{self.cut_texts:,} of {self.texts:,} texts were cut, "
            f"{self.cut_tokens / self.tokens:.1%} of all tokens are lost"
        )


class Encoded(NamedTuple):
    """Ids, `(T,)` int32 in a ragged batch of `N` texts, and what was cut."""

    ids: Ragged
    truncation: Truncation


class TextVectorizer:
    """Texts to ids, as Keras's `TextVectorization(output_mode="int")` makes them.

    `standardize`: `"lower_and_strip_punctuation"`, `"lower"`, `"strip_punctuation"` or None;
    `split`: `"whitespace"` or `"character"`. As in Keras, letters, punctuation and white space
    are ASCII's: `É` stays `É`, and a no-break space does not separate words. With `unicode` they
    are Unicode's (`str.lower`, categories P*, `str.isspace`), at a tenth of the speed.

    Id 0 is padding and 1 is `[UNK]`, every other token; then come the tokens by falling
    frequency, ties in reverse order of their UTF-8 bytes, `max_tokens` ids in all. Texts are
    cut after `output_sequence_length` tokens; nothing is filled up, as batches are ragged.

    Raises `ArgumentError` for an option that does not exist.

    >>> vectorizer = TextVectorizer().adapt(["To be, or not to be"])
    >>> vectorizer.get_vocabulary()
    ['', '[UNK]', 'to', 'be', 'or', 'not']
    >>> vectorizer.transform(["Not so!"])[0].tolist()
    [5, 1]
    """

    def __init__(
        self,
        max_tokens: int | None = None,
        *,
        standardize: str | None = "lower_and_strip_punctuation",
        split: str = "whitespace",
        output_sequence_length: int | None = None,
        unicode: bool = False,
        vocabulary: Sequence[str] | None = None,
    ) -> None:
        for name, value, choices in (
            ("standardize", standardize, STANDARDIZE),
            ("split", split, SPLIT),
        ):
            if value not in choices:
                raise ArgumentError(f"{name} must be one of {choices}, got {value!r}")
        for name, number, least in (
            ("max_tokens", max_tokens, 2),
            ("output_sequence_length", output_sequence_length, 1),
        ):
            if number is not None and (not isinstance(number, int) or number < least):
                raise ArgumentError(
                    f"{name} must be None or a whole number from {least}, got {number!r}"
                )
        self.max_tokens, self.standardize, self.split = max_tokens, standardize, split
        self.output_sequence_length, self.unicode = output_sequence_length, unicode
        self._vocabulary: list[str] | None = None
        if vocabulary is not None:
            self._set_vocabulary(checked_vocabulary(vocabulary, max_tokens))

    def adapt(self, texts: Sequence[str]) -> TextVectorizer:
        """Learn the vocabulary of `texts`, forgetting any before. Returns self.

        Raises `DataError` naming an item that is not a string.
        """
        tokens, counts = _kernels.text_count(self._texts(texts), self._rules())
        self._set_vocabulary(most_frequent(tokens, counts, self.max_tokens))
        return self

    def encode(self, texts: Sequence[str], *, threads: int = 1) -> Encoded:
        """Ids and what was cut, on `threads` threads.

        Raises `NotFittedError` before `adapt`, `DataError` naming an item that is not a string.
        """
        table = self._fitted()
        views = self._texts(texts)
        limit = -1 if self.output_sequence_length is None else self.output_sequence_length
        ids, offsets, tokens, cut_texts, cut_tokens = _kernels.text_encode(
            views, self._rules(), table, 2, UNKNOWN, limit, threads
        )
        return Encoded(Ragged(ids, offsets), Truncation(len(views), tokens, cut_texts, cut_tokens))

    def transform(self, texts: Sequence[str]) -> Ragged:
        """The ids of `encode`; a `TruncationWarning` says so if any text was cut."""
        ids, truncation = self.encode(texts)
        if truncation.cut_texts:
            limit = self.output_sequence_length
            warnings.warn(f"at {limit} tokens, {truncation}", TruncationWarning, stacklevel=2)
        return ids

    def tokens(self, text: str) -> list[str]:
        """The tokens of one text, as they are looked up; nothing is cut."""
        self._texts([text])  # refuses what is not a text
        if self.unicode:
            text = self._standardized(text)
        return list(_kernels.text_split(text, self._rules()))

    def get_vocabulary(self) -> list[str]:
        """The token of each id; `""` and `"[UNK]"` come first."""
        self._fitted()
        return [PADDING, "[UNK]", *(self._vocabulary or [])]

    @property
    def vocabulary_size(self) -> int:
        """`V`: how many ids there are, padding and unknown included."""
        self._fitted()
        return len(self._vocabulary or []) + 2

    def get_config(self) -> dict[str, Any]:
        """The options, without the vocabulary, as JSON can hold them."""
        names = ("max_tokens", "standardize", "split", "output_sequence_length", "unicode")
        return {name: getattr(self, name) for name in names}

    @classmethod
    def from_config(
        cls, config: Mapping[str, Any], vocabulary: Sequence[str] | None = None
    ) -> TextVectorizer:
        """The inverse of `get_config` and `get_vocabulary`."""
        return cls(**config, vocabulary=vocabulary)

    def __getstate__(self) -> dict[str, Any]:
        return {k: v for k, v in vars(self).items() if k != "_table"}

    def __setstate__(self, state: dict[str, Any]) -> None:
        vars(self).update(state)
        if self._vocabulary is not None:
            self._set_vocabulary(self._vocabulary)

    def __repr__(self) -> str:
        options = ", ".join(f"{k}={v!r}" for k, v in self.get_config().items())
        return f"TextVectorizer({options})"

    def _set_vocabulary(self, tokens: list[str]) -> None:
        self._vocabulary = tokens
        self._table = _kernels.TokenTable([token.encode() for token in tokens])

    def _fitted(self) -> Any:
        if self._vocabulary is None:
            raise NotFittedError("this TextVectorizer has no vocabulary yet: call adapt first")
        return self._table

    def _rules(self) -> Any:
        standardize = "" if self.unicode else self.standardize or ""
        return _kernels.TextRules(
            "lower" in standardize, "strip" in standardize, self.split == "character", self.unicode
        )

    def _texts(self, texts: Any) -> Any:
        return as_texts(texts, standardize=self._standardized if self.unicode else None)

    def _standardized(self, text: str) -> str:
        return unicode_standardized(text, self.standardize, self.split)
