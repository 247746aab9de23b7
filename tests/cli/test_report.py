"""bothways evaluate --html and --baseline, as people type them."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from html.parser import HTMLParser

import numpy as np
import pytest
from sklearn.metrics import accuracy_score
from typer.testing import CliRunner

import bothways
from bothways import TextClassifier
from bothways.cli import app
from bothways.errors import BothwaysError
from bothways.training import preset
from conftest import tiny_corpus

HOSTILE = '<script>alert(1)</script> "good" & {{ 7*7 }} </svg>'


def write(path, texts, labels):
    rows = [json.dumps({"text": t, "label": x}) for t, x in zip(texts, labels, strict=True)]
    path.write_text("\n".join(rows) + "\n")
    return path


@pytest.fixture(scope="module")
def corpus(tmp_path_factory):
    """What the tiny model was trained on."""
    return write(tmp_path_factory.mktemp("data") / "reviews.jsonl", *tiny_corpus())


class Page(HTMLParser):
    def __init__(self, path):
        super().__init__()
        self.html = path.read_text(encoding="utf-8")
        self.tags, self.text, self.attributes = [], "", []
        self.feed(self.html)

    def handle_starttag(self, tag, attrs):
        self.tags.append(tag)
        self.attributes += attrs

    def handle_data(self, data):
        self.text += data


def run(*arguments):
    """In this process: each of its own would load scikit-learn and matplotlib again."""
    return CliRunner().invoke(app, ["evaluate", *map(str, arguments)])


def evaluate(*arguments):
    done = run(*arguments, "--json")
    assert done.exit_code == 0, done.exception
    return json.loads(done.stdout)


def refused(*arguments):
    done = run(*arguments)
    assert isinstance(done.exception, BothwaysError), done
    return str(done.exception)


def test_a_report_and_its_figures(tiny_model, corpus, tmp_path):
    html = tmp_path / "report.html"
    figures = evaluate(tiny_model, corpus, "--held-out", "--baseline", corpus, "--html", html)
    page = Page(html)
    low, high = figures["accuracy_interval"]
    assert figures["texts"] == 15 and f"{100 * figures['accuracy']:.1f}\u00a0%" in page.text
    assert f"{100 * low:.1f}\u00a0% to {100 * high:.1f}\u00a0%" in page.text
    assert figures["baseline"]["texts"] == 45
    assert figures["baseline"]["same_texts_as_the_model"]
    for part in (
        "had not learned from",
        "Beside counting words",
        "fingerprint",
        "the part held out",
    ):
        assert part in page.text
    assert page.tags.count("svg") == 7
    assert not re.search(r"\b(nan|inf|None)\b", page.text)
    # Nothing is asked of anybody.
    assert not re.search(r"https?:|@import|url\((?!#)", page.html)
    assert not {"script", "img", "link", "iframe"} & set(page.tags)


def test_other_training_data_and_the_figures_of_scikit_learn(tiny_model, corpus, tmp_path):
    texts, labels = tiny_corpus(50, seed=4)
    test = write(tmp_path / "test.jsonl", texts, labels)
    figures = evaluate(tiny_model, test, "--baseline", corpus)
    model = bothways.load(tiny_model)
    assert figures["accuracy"] == accuracy_score(labels, model.predict(texts))
    assert figures["baseline"]["texts"] == 45
    others = evaluate(tiny_model, corpus, "--baseline", test)["baseline"]
    assert others["texts"] == 50 and not others["same_texts_as_the_model"]
    shown = run(tiny_model, test, "--baseline", corpus)
    assert "95 % interval" in " ".join(shown.stdout.split())


def test_texts_are_text_and_what_was_trained_on_is_said(tiny_model, corpus, tmp_path):
    html = tmp_path / "report.html"
    data = write(
        tmp_path / "<b>.jsonl",
        [HOSTILE, "", "good " * 400, "\udc80".encode("utf-8", "replace").decode()],
        ["neg"] * 4,
    )
    figures = evaluate(tiny_model, data, "--html", html)
    page = Page(html)
    wrong = [e["text"] for e in figures["confident_errors"]]
    assert HOSTILE in wrong and HOSTILE in page.text
    assert "<b>.jsonl" in page.text
    assert "script" not in page.tags and page.tags.count("details") == 1
    assert (
        "no text here has this label" in page.text
        and "was trained on" not in page.text
        and "it would be right for" in page.text
    )
    evaluate(tiny_model, corpus, "--html", html)
    seen = Page(html).text
    assert "These are the texts that the model was trained on" in seen
    assert "it would be right for" not in seen


@pytest.mark.parametrize("text", ["", "good film"])
def test_one_text(tiny_model, tmp_path, text):
    html = tmp_path / "report.html"
    figures = evaluate(tiny_model, write(tmp_path / "one.jsonl", [text], ["pos"]), "--html", html)
    said = "1 of 1 text;" if figures["accuracy"] else "0 of 1 text;"
    assert figures["texts"] == 1 and said in Page(html).text
    assert not re.search(r"\bnan\b", Page(html).html)


def test_fifty_labels(tmp_path):
    rng = np.random.default_rng(0)
    labels = [f"topic {n % 50}" for n in range(500)]
    texts = [f"word{n % 50} word{rng.integers(50)}" for n in range(500)]
    data = write(tmp_path / "many.jsonl", texts, labels)
    model, html = tmp_path / "model", tmp_path / "report.html"
    recipe = replace(preset("classic"), embedding_dim=4, hidden_size=4, epochs=1)
    TextClassifier(preset=recipe, validation=100).fit(texts, labels).save(model)
    figures = evaluate(model, data, "--held-out", "--baseline", data, "--html", html)
    page = Page(html)
    assert len(figures["labels"]) == 50 and "topic 49" in page.text
    assert "The most frequent errors" in page.text
    assert html.stat().st_size < 500_000


def test_refusals_write_nothing(tiny_model, corpus, tmp_path):
    html = tmp_path / "report.html"
    html.write_text("<!DOCTYPE html>older")
    at = (tiny_model, corpus, "--html", html)
    assert "measured on the same texts" in refused(*at, "--baseline", corpus)
    assert "nothing.csv" in refused(*at, "--baseline", tmp_path / "nothing.csv")
    assert "is not a file" in refused(tiny_model, corpus, "--html", tmp_path)
    for path in (corpus, tiny_model / "spec.json"):
        older = path.read_bytes()
        assert "is not a page" in refused(tiny_model, corpus, "--html", path)
        assert path.read_bytes() == older
    strange = write(tmp_path / "strange.jsonl", ["a b", "c d"], ["pos", "maybe"])
    assert "strange.jsonl, line 2: has the label 'maybe'" in refused(*at, "--baseline", strange)
    empty = write(tmp_path / "empty.jsonl", ["", ""], ["pos", "neg"])
    assert "no word" in refused(*at, "--baseline", empty)
    assert html.read_text() == "<!DOCTYPE html>older"


@pytest.fixture(scope="module")
def several(tmp_path_factory):
    """A model of several labels a text, and what it was trained on."""
    folder = tmp_path_factory.mktemp("several")
    rng = np.random.default_rng(0)
    names = np.array(["red", "blue", "<b>old</b>", "new"])
    matrix = rng.random((300, 4)) < 0.4
    texts = ["a film " + " ".join(names[row]) + f" {rng.integers(9)}" for row in matrix]
    sets = [names[row].tolist() for row in matrix ^ (rng.random((300, 4)) < 0.1)]
    recipe = replace(preset("classic"), embedding_dim=8, hidden_size=6, epochs=8, batch_size=16)
    recipe = replace(recipe, learning_rate=0.02)
    TextClassifier(preset=recipe, validation=100).fit(texts, sets).save(folder / "model")
    return folder / "model", write(folder / "tags.jsonl", texts, sets)


def test_a_report_of_several_labels_a_text(several, tmp_path):
    model, data = several
    html = tmp_path / "report.html"
    figures = evaluate(model, data, "--held-out", "--baseline", data, "--html", html)
    page = Page(html)
    assert f"{100 * figures['micro_f1']:.1f}\u00a0%" in page.text
    low, high = figures["micro_f1_interval"]
    assert low < figures["micro_f1"] < high
    assert f"{100 * low:.1f}\u00a0% to {100 * high:.1f}\u00a0%" in page.text
    assert figures["baseline"]["texts"] == 200 and figures["baseline"]["same_texts_as_the_model"]
    said = ("micro F1", "What is missed", "How many labels a text gets", "part held out")
    for part in (*said, "had not learned from", "of micro F1", "Micro F1 on the texts held out"):
        assert part in page.text
    assert page.tags.count("svg") == 7 and "<b>old</b>" in page.text
    assert not re.search(r"\b(nan|inf|None)\b", page.text)
    assert not re.search(r"https?:|@import|url\((?!#)", page.html)
    assert not {"script", "img", "link", "iframe"} & set(page.tags)
    shown = run(model, data, "--held-out", "--baseline", data)
    assert "95 % interval" in " ".join(shown.stdout.split())
    assert f"micro F1 {figures['micro_f1']:.4f} ({low:.4f} to {high:.4f})" in shown.stdout


def test_what_a_report_of_several_labels_refuses(several, tmp_path):
    model, data = several
    html = tmp_path / "report.html"
    assert "measured on the same texts" in refused(model, data, "--html", html, "--baseline", data)
    none = write(tmp_path / "none.jsonl", ["a b", "c d"], [[], []])
    sentence = refused(model, data, "--html", html, "--baseline", none)
    assert "none.jsonl" in sentence and "label" in sentence and not html.exists()


@pytest.mark.parametrize("labels", [[], ["red"], ["red", "blue", "new"]])
def test_one_text_of_several_labels(several, tmp_path, labels):
    html = tmp_path / "report.html"
    data = write(tmp_path / "one.jsonl", ["a film red"], [labels])
    figures = evaluate(several[0], data, "--html", html)
    assert figures["texts"] == 1 and "1 text of one.jsonl, with 4 labels" in Page(html).text
    assert not re.search(r"\bnan\b", Page(html).html)


def test_a_book_of_a_text_makes_no_heavy_page(tiny_model, tmp_path):
    html = tmp_path / "report.html"
    data = write(tmp_path / "long.jsonl", ["bad " * 500_000] * 20, ["pos"] * 20)
    figures = evaluate(tiny_model, data, "--html", html)
    assert len(figures["confident_errors"]) == 20 and html.stat().st_size < 500_000
    assert "[ 1,994,000 characters are left out here ]" in Page(html).text
