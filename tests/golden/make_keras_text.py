"""Golden values from real Keras 3.15.1 (TensorFlow 2.21.0): TextVectorization on nasty texts.

Run `python make_keras_text.py` in an environment with keras==3.15.1 and tensorflow-cpu; it
writes `keras_text.json` beside itself:

`versions`; `texts`, name to list of strings;
`cases`, each with `texts` (whose name was adapted to), `config` (the layer's arguments),
    `vocabulary` (the learned tokens, ids 2, 3, ...) and `ids` (for each of `texts["all"]`).

What Keras does that its documentation does not say:
- Upper case, punctuation and white space are ASCII's; white space is U+0009 to U+000D and the
  blank, so neither U+001C to U+001F nor a no-break space split.
- Punctuation vanishes before the split: "don't" is one word, "a - b" two, "end.Next" one.
- Ties are broken by falling UTF-8 bytes. `max_tokens` counts padding and unknown.
- NUL is a character like any other, but `get_vocabulary` loses NULs at a token's end, as its
  strings pass through a NumPy array; hence the vocabulary is read from the lookup table here.
- `[UNK]` in a text that keeps its brackets and case is id 1, and is never learned.
- An empty text has no token; `max_tokens=2` fails in `adapt`, for the table would be empty.
"""

import json
from pathlib import Path

import keras
import tensorflow as tf

ASCII = "".join(map(chr, range(128)))
TEXTS = {
    "ties": ["b a c", "ab aa a", "Z z ~ \u00e9 \ud7ff \ue000 \uffff \U00010000 \U0001f600", "c C"],
    "counts": ["e e e e d d d c c b a", "d, c! e? (d)"],
    "special": ["[UNK] [UNK] [UNK] [unk] unk UNK x", "[UNK]x [UNK", "UNK] [UNK]"],
    "ascii": [ASCII, *(f"a{c}b" for c in ASCII), *ASCII],
    "punctuation": [
        "don't stop... (ever!) <br /><br />End.Next",
        "''' --- !!! a-b - c -- d",
        "`~!@#$%^&*()_+-=[]{}|;':\",./<>?\\",
        "\u2018curly\u2019 \u2014 dash \u2026 \u00bfqu\u00e9? \u00a1ol\u00e9! \u3002\uff01",
        "a\u00b4b \u00a7 5 \u20ac6 \u00b0",
    ],
    "spaces": [
        "",
        " ",
        "\t\n\v\f\r ",
        "  lead and  trail \n",
        "a\u00a0b\u2003c\u3000d\u2028e\u0085f\u200bg\ufeffh",
        "one\x1ctwo\x1dthree\x1efour\x1ffive",
        "nul\0inside nul\0 \0 \0\0",
    ],
    "letters": [
        "\u00c9COLE \u00e9cole \u00c4\u00d6\u00dc \u0130I\u0131i",
        "\u03a3\u03a3 \u03c3\u03c2 \u1e9e\u00df",
        "e\u0301 \u00e9 \ufb01 \u01c5 \u212a K",
        "\U0001f600\U0001f468\u200d\U0001f469\u200d\U0001f467 \U0001f1eb\U0001f1f7 \U00010400",
        "\u4e2d\u6587 \u0627\u0644\u0639\u0631\u0628\u064a\u0629 \u05e2\u05d1 \u0e44\u0e17\u0e22",
        "word" * 50 + " short " + "x" * 8 + " " + "x" * 9 + " " + "x" * 16 + " " + "x" * 17,
    ],
}
TEXTS["all"] = [text for texts in TEXTS.values() for text in texts]
STANDARDIZE = ("lower_and_strip_punctuation", "lower", "strip_punctuation", None)


def case(name, **config):
    """One layer adapted to `TEXTS[name]` and applied to all texts."""
    layer = keras.layers.TextVectorization(ragged=True, **config)
    layer.adapt(tf.constant(TEXTS[name]))
    tokens, ids = layer._lookup_layer.lookup_table.export()
    learned = dict(zip(ids.numpy().tolist(), tokens.numpy().tolist(), strict=True))
    assert sorted(learned) == list(range(2, len(learned) + 2))
    return {
        "texts": name,
        "config": config,
        "vocabulary": [learned[number].decode() for number in sorted(learned)],
        "ids": layer(tf.constant(TEXTS["all"])).to_list(),
    }


def main():
    """Make every case and write the file."""
    cases = [
        case(name, standardize=standardize, split=split)
        for name in ("all", "ties")
        for standardize in STANDARDIZE
        for split in ("whitespace", "character")
    ]
    cases += [case(name) for name in TEXTS if name not in ("all", "ties")]
    cases += [case("counts", max_tokens=size) for size in (3, 4, 5, 6, 7, 8, 100)]
    cases += [case("special", max_tokens=size, standardize=None) for size in (3, 4, 5)]
    cases += [case("all", max_tokens=20, split="character", standardize="lower")]
    cases += [case("all", output_sequence_length=length) for length in (1, 2, 5)]
    cases += [case("all", max_tokens=30, output_sequence_length=3, split="character")]
    golden = {
        "versions": {"keras": keras.__version__, "tensorflow": tf.__version__},
        "texts": TEXTS,
        "cases": cases,
    }
    lines = json.dumps(golden, separators=(",", ":")).replace('{"texts":"', '\n{"texts":"')
    (Path(__file__).parent / "keras_text.json").write_text(lines + "\n", encoding="ascii")


if __name__ == "__main__":
    main()
