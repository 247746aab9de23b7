"""Texts to ids, by the rules of Keras's TextVectorization, and without TensorFlow."""

from bothways.text._vectorizer import Encoded, TextVectorizer, Truncation, TruncationWarning

__all__ = ["Encoded", "TextVectorizer", "Truncation", "TruncationWarning"]
