"""Golden values from fastText 0.9.3: a tiny model file and the vectors that fastText reads from it.

Run `python make_fasttext.py` in an environment with fasttext==0.9.3 and numpy<2; it writes
`fasttext_words.bin` and `fasttext_words.json` beside itself. The words have characters of one to
four bytes; the vectors are those of words that the model has and of some that it has not.
"""

import ctypes
import json
import tempfile
from pathlib import Path

import fasttext

HERE = Path(__file__).parent
WORDS = ["the", "The", "film", "été", "straße", "Ελλάδα", "映画", "good", "goodness", "😀", "a"]
MISSING = ["films", "goodly", "étés", "画映", "b", "unseen", "😀😀", "ελλάδα"]


def train(path):
    """fastText reads memory that it never filled: without zeros there it stops with a NaN."""
    ctypes.CDLL(None).mallopt(-6, 0xFF)  # M_PERTURB: fill new blocks with the complement
    return fasttext.train_unsupervised(
        *(str(path), "skipgram"),
        dim=4,
        bucket=60,
        minn=2,
        maxn=4,
        t=1.0,
        minCount=1,
        thread=1,
        verbose=0,
    )


with tempfile.TemporaryDirectory() as folder:
    texts = Path(folder) / "texts.txt"
    lines = [" ".join(WORDS[n % 3 :] + WORDS[: n % 4]) for n in range(40)]
    texts.write_text("\n".join(lines) + "\n", encoding="utf-8")
    model = train(texts)
model.save_model(str(HERE / "fasttext_words.bin"))
document = {
    "versions": {"fasttext": "0.9.3"},
    "words": {word: model.get_word_vector(word).tolist() for word in WORDS},
    "missing": {word: model.get_word_vector(word).tolist() for word in MISSING},
}
(HERE / "fasttext_words.json").write_text(json.dumps(document, indent=1, ensure_ascii=False) + "\n")
