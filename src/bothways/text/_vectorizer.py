"""TextVectorizer: adapt to texts, then turn texts into ids."""

from __future__ import annotations

import operator
import warnings
from collections.abc import Mapping, Sequence
from typing import Any

from bothways._ragged import Ragged
from bothways.errors import ArgumentError, NotFittedError
from bothways.kernels import _kernels
from bothways.text._counts import WordCounts
from bothways.text._texts import as_texts
from bothways.text._truncation import TRUNCATE, Encoded, Truncation, TruncationWarning, shorten
from bothways.text._unicode import unicode_standardized
from bothways.text._vocabulary import (
    PADDING,
    UNKNOWN,
    UNKNOWN_TOKEN,
    checked_vocabulary,
)

SPLIT_AT_PUNCTUATION = "lower_and_split_at_punctuation"
STANDARDIZE = (
    *("lower_and_strip_punctuation", SPLIT_AT_PUNCTUATION, "lower", "strip_punctuation"),
    None,
)
SPLIT = ("whitespace", "character")
OPTIONS = ("max_tokens", "standardize", "split", "output_sequence_length", "truncate", "unicode")


class TextVectorizer:
    """Texts to ids, as Keras's `TextVectorization(output_mode="int")` makes them.

    `standardize`: `"lower_and_strip_punctuation"`, `"lower"`, `"strip_punctuation"` or None;
    `split`: `"whitespace"` or `"character"`. As in Keras, letters, punctuation and white space
    are ASCII's: `É` stays `É`, and a no-break space does not separate words. With `unicode` they
    are Unicode's: `str.lower`, categories P* and ASCII's symbols, `str.split`. Texts that are not
    all ASCII then pass through Python, which is slower.

    Punctuation that is stripped joins what it stood between: `film.<br />The` is the token
    `filmbr` and `the`. `"lower_and_split_at_punctuation"`, which Keras does not have, deletes
    the apostrophe alone (`'`, with `unicode` `’` too), so that `don't` is `dont`, and puts a blank
    in the place of all other punctuation: `film`, `br` and `the`. With `split="character"` that
    blank is a token.

    Id 0 is padding and 1 is `[UNK]`, every other token; then come the tokens by falling
    frequency, ties in reverse order of their UTF-8 bytes, `max_tokens` ids in all. Texts longer
    than `output_sequence_length` tokens are cut; nothing is filled up, as batches are ragged.
    `truncate` is what is kept of them: the `"head"`, the `"tail"`, or, cut in the `"middle"`, both
    ends, of which the first has the odd token. Of `a b c d e` three tokens are `a b c`, `c d e`
    or `a b e`.

    Raises `ArgumentError` for an option that does not exist, and for a `truncate` without a length.

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
        truncate: str = "head",
        unicode: bool = False,
        vocabulary: Sequence[str] | None = None,
    ) -> None:
        self.max_tokens = _whole("max_tokens", max_tokens, 2)
        self.standardize = _choice("standardize", standardize, STANDARDIZE)
        self.split = _choice("split", split, SPLIT)
        self.output_sequence_length = _whole("output_sequence_length", output_sequence_length, 1)
        self.truncate = _choice("truncate", truncate, TRUNCATE)
        if truncate != "head" and output_sequence_length is None:
            raise ArgumentError(
                f"truncate={truncate!r} says what to keep of texts that are too long, but no "
                "length is set: give output_sequence_length (max_length, --max-length)"
            )
        self.unicode = _choice("unicode", unicode, (False, True))
        self._lower = standardize not in ("strip_punctuation", None)
        self._strip = standardize in ("strip_punctuation", "lower_and_strip_punctuation")
        self._separate = standardize == SPLIT_AT_PUNCTUATION
        self._vocabulary: list[str] | None = None
        if vocabulary is not None:
            self._set_vocabulary(checked_vocabulary(vocabulary, self.max_tokens))

    def adapt(self, texts: Sequence[str]) -> TextVectorizer:
        """Learn the vocabulary of `texts`, forgetting any before. Returns self.

        Raises `ArgumentError` for what is not a list of texts, `DataError` naming an item that
        is not a string.
        """
        counts = self.counter()
        counts.add(texts)
        self._set_vocabulary(counts.most_frequent(self.max_tokens))
        return self

    def counter(self) -> WordCounts:
        """Counts words as `adapt` does, piece by piece: `WordCounts.most_frequent` of the pieces
        is the vocabulary that `adapt` finds in all texts at once."""
        return WordCounts(self._texts, self._rules(), self.output_sequence_length)

    def encode(self, texts: Sequence[str], threads: int = 1) -> Encoded:
        """The ids of `N` texts and what was cut, on `threads` threads with the same result.

        Raises `NotFittedError` before `adapt`, `ArgumentError` for what is not a list of texts,
        `DataError` naming an item that is not a string.
        """
        length = self.output_sequence_length
        if length is None or self.truncate == "head":
            return self._encode(texts, -1 if length is None else length, threads)
        return shorten(self._encode(texts, -1, threads).ids, length, self.truncate)

    def encode_whole(self, texts: Sequence[str], threads: int = 1) -> Ragged:
        """The ids of `encode`, of which nothing is cut."""
        return self._encode(texts, -1, threads).ids

    def transform(self, texts: Sequence[str]) -> Ragged:
        """The ids of `encode`, `(T,)` int32; a `TruncationWarning` says so if any text was cut."""
        ids, truncation = self.encode(texts)
        if truncation.cut_texts:
            limit = f"with output_sequence_length={self.output_sequence_length}"
            warnings.warn(f"{limit}, {truncation}", TruncationWarning, stacklevel=2)
        return ids

    def tokens(self, text: str) -> list[str]:
        """The tokens of one text, as they are looked up; nothing is cut.

        Raises `DataError` for what is not a string.
        """
        return list(_kernels.text_split(self._texts([text]), self._rules()))

    def get_vocabulary(self) -> list[str]:
        """The token of each id; `""` and `"[UNK]"` come first."""
        self._fitted()
        return [PADDING, UNKNOWN_TOKEN, *(self._vocabulary or [])]

    @property
    def vocabulary_size(self) -> int:
        """`V`: how many ids there are, padding and unknown included."""
        self._fitted()
        return len(self._vocabulary or []) + 2

    def get_config(self) -> dict[str, Any]:
        """The options, without the vocabulary, as JSON can hold them."""
        return {name: getattr(self, name) for name in OPTIONS}

    @classmethod
    def from_config(
        cls, config: Mapping[str, Any], vocabulary: Sequence[str] | None = None
    ) -> TextVectorizer:
        """The inverse of `get_config` and `get_vocabulary`.

        Raises `ArgumentError` for a name or value that is no option.
        """
        unknown = [name for name in config if name not in OPTIONS]
        if unknown:
            raise ArgumentError(f"a TextVectorizer has no option {unknown[0]!r}, only {OPTIONS}")
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

    def _encode(self, texts: Sequence[str], limit: int, threads: int) -> Encoded:
        """The ids of texts, of each the first `limit` (-1: all)."""
        table = self._fitted()
        wanted = _whole("threads", threads, 1)
        if wanted is None:
            raise ArgumentError("threads must be a whole number from 1, got None")
        views = self._texts(texts)
        threads = min(wanted, max(1, len(views)))
        ids, offsets, tokens, cut_texts, cut_tokens = _kernels.text_encode(
            views, self._rules(), table, 2, UNKNOWN, limit, threads
        )
        return Encoded(Ragged(ids, offsets), Truncation(len(views), tokens, cut_texts, cut_tokens))

    def _fitted(self) -> Any:
        if self._vocabulary is None:
            raise NotFittedError("this TextVectorizer has no vocabulary yet: call adapt first")
        return self._table

    def _rules(self) -> Any:
        # White space, upper case and punctuation of ASCII are the same in both sets of rules,
        # but for U+001C to U+001F, which Unicode alone splits at.
        characters = self.split == "character"
        return _kernels.TextRules(
            self._lower, self._strip, self._separate, characters, self.unicode
        )

    def _texts(self, texts: Any) -> Any:
        return as_texts(texts, standardize=self._standardized if self.unicode else None)

    def _standardized(self, text: str) -> str:
        return unicode_standardized(
            text,
            lower=self._lower,
            strip=self._strip,
            separate=self._separate,
            words=self.split == "whitespace",
        )


def _whole(name: str, value: Any, least: int) -> int | None:
    """A whole number from `least`, or None; NumPy's whole numbers become Python's."""
    try:
        number = None if value is None else operator.index(value)
    except TypeError:
        number = least - 1
    if number is not None and (number < least or isinstance(value, bool)):
        raise ArgumentError(f"{name} must be None or a whole number from {least}, got {value!r}")
    return number


def _choice(name: str, value: Any, choices: tuple[Any, ...]) -> Any:
    if not any(value is choice or (type(value) is str and value == choice) for choice in choices):
        raise ArgumentError(f"{name} must be one of {choices}, got {value!r}")
    return value
