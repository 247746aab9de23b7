"""The page: what is served of it, and how it behaves in a browser, where one is installed."""

from __future__ import annotations

import re
from urllib.parse import quote

import pytest
from browser import browsing

import bothways
from bothways.serving import _page

FILES = sorted(_page.HERE.iterdir())
TEXT = "good <b>film</b> bad"
VERDICT = "document.querySelector('.verdict').textContent"
READERS = "document.querySelector('.readers').textContent"
TROUBLE = "document.getElementById('trouble').textContent"


def test_the_page_asks_nobody_else_and_trusts_no_text(healthy):
    """No other host, no script in the page, no text taken for markup."""
    policy = healthy.client.get("/").headers["content-security-policy"]
    assert "default-src 'none'" in policy and "unsafe" not in policy
    for path in FILES:
        text = path.read_text(encoding="utf-8")
        served = healthy.client.get("/" if path.name == "index.html" else f"/page/{path.name}")
        assert served.status_code == 200 and served.text == text
        assert set(re.findall(r"https?://[^\"'\s)]+", text)) <= {"http://www.w3.org/2000/svg"}
        assert not re.search(r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|eval\(", text)
        assert path.suffix == ".js" or not re.search(r"\son\w+=|<script>|style=", text)
    assert healthy.client.get("/page/look.css").text == _page.LOOK.read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def page(service):
    with browsing() as browser:
        yield browser


def test_a_text_is_read_and_stopped_and_linked(healthy, page, tiny_model):
    model = bothways.load(tiny_model)

    def shown(text):
        p = model.predict_proba([text])[0]
        return f"{model.labels[p.argmax()]} {100 * p.max():.1f}\u00a0% "

    page.open(f"{healthy.url}/#model=tiny&text={quote(TEXT)}")
    page.wait(VERDICT, shown(TEXT))
    assert page.run("document.querySelectorAll('.word').length") == 3
    assert page.run("document.querySelector('.words').textContent") == TEXT
    page.run("document.querySelectorAll('.word')[0].click()")
    page.wait(VERDICT, shown("good"))
    assert page.run("document.getElementById('where').textContent") == "after 1 of 3 words"
    page.wait("location.hash.includes('stop=1')")
    page.open(page.run("location.href"))
    page.wait(VERDICT, shown("good"))
    choice = "document.querySelector('.sides select')"
    other = next(label for label in model.labels if label != page.run(f"{choice}.value"))
    page.run(f"{choice}.value = '{other}'; {choice}.dispatchEvent(new Event('change'))")
    shares = model.explain("good", other)
    page.wait(f"{READERS}.includes('{abs(shares.backward.sum()):.2f} now')")
    page.run("document.querySelector('a[href=\"#readings\"]').click()")
    page.wait("location.hash.includes('stop=1')")  # and no other text is there
    assert page.run("document.getElementById('text').value") == TEXT
    assert page.errors() == []


def test_padding_makes_the_reader_from_the_left_forget(healthy, page, tiny_model):
    model = bothways.load(tiny_model)
    shares = model.explain(TEXT, model.predict([TEXT])[0], padded=600)
    page.open(f"{healthy.url}/#model=tiny&padded=600&text={quote(TEXT)}")
    page.wait("document.querySelector('.hindsight-note').textContent.startsWith('after 597 zeros')")
    page.wait(f"{READERS}.includes('{abs(shares.forward.sum()):.2f} now')")


def test_models_side_by_side_and_what_goes_wrong(healthy, page):
    page.open(f"{healthy.url}/#model=tiny&model=other&text=good")
    page.wait("document.querySelectorAll('.reading .verdict b').length", 2)
    long = "'word '.repeat(25000)"
    page.run(f"document.getElementById('text').value = {long}")
    page.run("document.getElementById('text').dispatchEvent(new Event('input'))")
    page.wait(f"/^the body of 125,... bytes is too large/.test({TROUBLE})")


def test_a_file_comes_back_with_labels(healthy, page, tmp_path):
    rows = "".join(f'{n},"good, ""film""\n{n}"\r\n' for n in range(120))
    (tmp_path / "in.csv").write_text("\ufeffn,review\r\n" + rows, encoding="utf-8", newline="")
    page.open(f"{healthy.url}/")
    page.wait("document.getElementById('job-model').options.length", 2)
    page.choose("file", tmp_path / "in.csv")
    page.wait("document.getElementById('column').selectedOptions[0].text", "review")
    page.run("document.querySelector('#job button').click()")
    page.wait("document.getElementById('run-note').textContent", "All 120 labelled")
    page.ask("Browser.setDownloadBehavior", behavior="allow", downloadPath=str(tmp_path))
    page.run("document.getElementById('download').click()")
    labelled = tmp_path / "in-labelled.csv"
    page.wait_for(labelled.exists)
    text = labelled.read_bytes().decode()
    lines = text.split("\r\n")
    assert lines[0] == "n,review,label,probability" and len(lines) == 122
    p = healthy.predict('good, "film"\n7', model="tiny")["predictions"][0]
    assert lines[8] == f'7,"good, ""film""\n7",{p["label"]},{p["probability"]}'
