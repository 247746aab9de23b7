"""Texts to ids, by the rules of Keras's TextVectorization, and without TensorFlow."""

from bothways.text._counts import Counted, WordCounts
from bothways.text._places import places, whole_words
from bothways.text._truncation import Encoded, Truncation, TruncationWarning, shorten
from bothways.text._vectorizer import TextVectorizer
from bothways.text._vocabulary import UNKNOWN, frequent, ranked

__all__ = [
    "UNKNOWN",
    "Counted",
    "Encoded",
    "TextVectorizer",
    "Truncation",
    "TruncationWarning",
    "WordCounts",
    "frequent",
    "places",
    "ranked",
    "shorten",
    "whole_words",
]
