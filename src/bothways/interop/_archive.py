"""A zip archive from strangers: its members are read into memory, and nothing is unpacked."""

from __future__ import annotations

import os
import stat
import zipfile
from types import TracebackType

from bothways.errors import ArtifactError

_MOST_MEMBERS = 1_000
_KINDS = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)


class Archive:
    """The members of the zip file at `path`, by their names.

    Raises `ArtifactError` for what is no zip file, and for one with a member that leads out of
    the folder it would be unpacked to, is there twice, is a link or is encrypted.
    """

    def __init__(self, path: str | os.PathLike[str]) -> None:
        file = open_regular(path)
        self.size = os.fstat(file.fileno()).st_size
        try:
            self._zip = zipfile.ZipFile(file)
        except Exception as error:  # crafted bytes raise nearly every kind
            file.close()
            raise ArtifactError(f"it is not a whole zip file ({_short(error)})") from None
        self._file = file
        self._members: dict[str, zipfile.ZipInfo] = {}
        try:
            self._check()
        except BaseException:
            self.close()
            raise

    def __enter__(self) -> Archive:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: object, trace: TracebackType | None
    ) -> None:
        self.close()

    def __contains__(self, name: str) -> bool:
        return name in self._members

    def close(self) -> None:
        """Close the file."""
        self._zip.close()
        self._file.close()

    def read(self, name: str, most: int) -> bytes:
        """The bytes of a member of at most `most` bytes, whatever it says of its size.

        Raises `ArtifactError` if there is none, it is larger, or its bytes are not as written.
        """
        if name not in self._members:
            raise ArtifactError(f"it has no member {name}")
        declared = self._members[name].file_size
        if declared > most:
            raise ArtifactError(
                f"its member {name} would have {declared:,} bytes, expected at most {most:,}"
            )
        try:
            with self._zip.open(self._members[name]) as member:
                data = member.read(declared + 1)
        except Exception as error:  # as above
            raise ArtifactError(f"its member {name} is not whole ({_short(error)})") from None
        if len(data) != declared:
            raise ArtifactError(f"its member {name} has not the {declared:,} bytes that it states")
        return data

    def _check(self) -> None:
        infos = self._zip.infolist()
        if len(infos) > _MOST_MEMBERS:
            raise ArtifactError(f"it has {len(infos):,} members, expected a few")
        for info in infos:
            name = info.filename
            parts = name.replace("\\", "/").split("/")
            if name.startswith(("/", "\\")) or ".." in parts or ":" in parts[0] or "\0" in name:
                raise ArtifactError(f"its member {name[:60]!r} leads out of the archive")
            if name in self._members:
                raise ArtifactError(f"its member {name[:60]!r} is there twice")
            if stat.S_ISLNK(info.external_attr >> 16):
                raise ArtifactError(f"its member {name[:60]!r} is a link, expected a file")
            if info.flag_bits & 1:
                raise ArtifactError(f"its member {name[:60]!r} is encrypted")
            if info.compress_type not in _KINDS:
                raise ArtifactError(f"its member {name[:60]!r} is compressed in an unknown way")
            self._members[name] = info


def open_regular(path: str | os.PathLike[str]):
    """A regular file, open for reading; a pipe is not waited for. Raises `ArtifactError`."""
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or error
        raise ArtifactError(f"it cannot be opened ({reason})") from None
    if not stat.S_ISREG(os.fstat(descriptor).st_mode):
        os.close(descriptor)
        raise ArtifactError("it is not a file")
    return os.fdopen(descriptor, "rb")


def _short(error: Exception) -> str:
    return (" ".join(str(error).split()) or type(error).__name__)[:120]
