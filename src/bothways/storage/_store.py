"""Files by URL, through fsspec."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any, BinaryIO, NamedTuple

from bothways.errors import BothwaysError, DataError, MissingExtraError, require
from bothways.storage._names import is_http, show
from bothways.storage._told import MissingError, Told, buffered, reason

# What stores call that which changes with the content. A listing has it as the file's own
# answer has; times may be given in several ways, and are asked for one by one.
_TAGS = ("ETag", "etag", "md5Hash", "Content-MD5", "blob_id", "CRC")
_TIMES = ("LastModified", "last_modified", "Last-Modified", "mtime", "created")


class Remote(NamedTuple):
    """A file in a store: its URL, its bytes (0 where the store does not say), its version."""

    url: str
    bytes: int
    version: str


def list_store(url: str) -> list[Remote]:
    """The files of a URL that is a glob, a folder or a file, perhaps none.

    Names that begin with a dot or an underscore are left out, but for a glob that does. Raises
    `DataError` where the store refuses, and `MissingExtraError` without the package for its
    protocol.
    """
    with _told(url):
        store, path = _store(url)
        store.invalidate_cache()
        if any(letter in path for letter in ("*[" if is_http(url) else "*[?")):
            found = list(store.glob(path, detail=True).values())
            if not path.rpartition("/")[2].startswith(("_", ".")):
                found = [info for info in found if _counts(info["name"])]
        elif path.endswith("/") or store.isdir(path):
            found = [info for info in store.ls(path, detail=True) if _counts(info["name"])]
        else:
            return [_remote(url, store, i) for i in [store.info(path)] if i["type"] == "file"]
        files = [_whole(store, info) for info in found if info["type"] == "file"]
        return [_remote(url, store, info) for info in files]


def look_up(url: str) -> Remote:
    """One file as it is now. Raises as `list_store`."""
    with _told(url):
        store, path = _store(url)
        store.invalidate_cache()
        return _remote(url, store, store.info(path))


def open_url(url: str, *, seek: bool) -> BinaryIO:
    """A file to read from its beginning, or with `seek` at any place, if the store can."""
    with _told(url):
        store, path = _store(url)
        # Over HTTP one request is asked for all: not every server knows ranges.
        whole = {"block_size": 0} if is_http(url) and not seek else {}
        file = store.open(path, "rb", **whole)
    return buffered(Told(file, lambda error: explained(error, url)))


def explained(error: Exception, url: str) -> BothwaysError:
    """The sentence for what a store's library raised."""
    name, status = show(url), getattr(error, "status", None)
    kind = type(error).__name__
    if isinstance(error, FileNotFoundError) or status == 404:
        said = "" if str(error) in url or status == 404 or "http" in url[:4] else reason(error)
        return MissingError(f"{name}: no such file or folder{f' ({said})' if said else ''}")
    said = f"HTTP {status}" if isinstance(status, int) else reason(error).replace(url, name)
    refused = isinstance(error, PermissionError) or status in (401, 403)
    if refused or "Credential" in kind or "Auth" in kind or "Token" in kind:
        return DataError(f"{name}: may not be read: credentials are missing or refused ({said})")
    return DataError(f"{name}: cannot be read ({said})")


@contextmanager
def _told(url: str) -> Iterator[None]:
    try:
        yield
    except BothwaysError:
        raise
    except Exception as error:
        raise explained(error, url) from None


def _store(url: str) -> tuple[Any, str]:
    protocol = url.partition("://")[0]
    fsspec = require("fsspec", extra="remote", purpose=f"reading {protocol}://")
    try:
        return fsspec.core.url_to_fs(url)
    except ImportError as error:
        missing = getattr(error.__cause__, "name", None) or error.name
        if not missing:
            raise
        package = missing.partition(".")[0]
        raise MissingExtraError(
            f"reading {protocol}:// needs {package}, which is not installed: pip install {package}"
        ) from None
    except ValueError as error:
        if "Protocol not known" not in str(error):
            raise
        raise DataError(f"{show(url)}: there is no file system for {protocol}://") from None


def _remote(url: str, store: Any, info: Mapping[str, Any]) -> Remote:
    tag = next((info[key] for key in (*_TAGS, *_TIMES) if info.get(key)), None)
    bytes = info.get("size") or 0
    chain = url.partition("::")[2]  # zip://a.csv::s3://bucket/all.zip
    whole = store.unstrip_protocol(info["name"]) + (f"::{chain}" if chain else "")
    return Remote(whole, bytes, f"{bytes}-{str(tag).strip(chr(34))}")


def _whole(store: Any, info: Mapping[str, Any]) -> Mapping[str, Any]:
    """What the file itself answers, where a listing says too little of it."""
    tagged = any(info.get(key) for key in _TAGS) and info.get("size") is not None
    return info if tagged else store.info(info["name"])


def _counts(name: str) -> bool:
    return not name.rstrip("/").rpartition("/")[2].startswith((".", "_"))
