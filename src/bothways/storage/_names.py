"""What a name says: where a file is, in which format, and how it is compressed."""

from __future__ import annotations

import os
import re
from urllib.parse import urlsplit

FORMATS = {
    ".csv": "csv",
    ".tsv": "tsv",
    ".jsonl": "jsonl",
    ".ndjson": "jsonl",
    ".parquet": "parquet",
    ".txt": "fasttext",
    ".ft": "fasttext",
    ".fasttext": "fasttext",
}
COMPRESSED = (".gz", ".bz2", ".xz", ".zst")

# A protocol has at least two letters: `c:` is a drive.
_URL = re.compile(r"[A-Za-z][A-Za-z0-9+.-]+://")


def is_url(name: str) -> bool:
    """Whether a name has a protocol, such as `s3://`."""
    return _URL.match(name) is not None


def is_http(url: str) -> bool:
    """Whether a URL is asked for over HTTP, where not every server knows ranges."""
    return url.lower().startswith(("http://", "https://"))


def without_file(name: str) -> str:
    """A path instead of a `file://` URL; other names as they are."""
    return name.removeprefix("file://")


def show(path: str | os.PathLike[str]) -> str:
    """A path as one printable line, whatever bytes or line breaks its name holds; a URL
    `without_secrets`."""
    text = without_secrets(os.fspath(path))
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in text)


def without_secrets(name: str) -> str:
    """A URL without what may be secret in it: a password before the host, a signature after `?`;
    other names as they are."""
    if not is_url(name):
        return name
    name = re.sub(r"(?<=://)[^/]*@", "", name)
    return name.partition("?")[0] if is_http(name) else name


def format_of(url: str) -> str | None:
    """The format that the suffix of a path or URL stands for, one of `FORMATS`, or None."""
    return FORMATS.get(suffixes(url)[0])


def suffixes(url: str) -> tuple[str, str]:
    """The suffix of the format and that of the compression, both perhaps empty, in lower case."""
    name = url
    if is_url(url):
        name = url.partition("::")[0]
        if name.lower().startswith("http"):
            name = urlsplit(name).path
    stem, last = os.path.splitext(name.lower())
    if last in COMPRESSED:
        return os.path.splitext(stem)[1], last
    return last, ""
