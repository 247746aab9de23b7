"""Model folders on the Hugging Face Hub, by the names and habits of its other libraries.

A model there is a repository with the files of the folder, and its card is the page that the hub
shows. https://huggingface.co/docs/huggingface_hub/guides/integrations
"""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import TypeVar

from bothways import artifact
from bothways.artifact import Spec
from bothways.errors import ArgumentError, ArtifactError, require

T = TypeVar("T")
Token = str | bool | None

# A repository may hold more than a model folder, and larger files.
_PATTERNS = [artifact.SPEC, artifact.WEIGHTS, artifact.CARD, "preset.json", "*.jsonl"]


def fetched(
    name: str | os.PathLike[str],
    revision: str | None,
    cache_dir: str | os.PathLike[str] | None,
    token: Token,
) -> str:
    """The folder of a model: `name` itself, or a copy of the hub's in its cache.

    Raises `ArgumentError` for the revision of a folder, `ArtifactError` for what is not there,
    and `MissingExtraError`.
    """
    folder = os.fsdecode(name)
    if os.path.isdir(folder):
        if revision is not None:
            raise ArgumentError(f"{folder}: is a folder, which has no revision {revision!r}")
        return folder
    hub = require(
        "huggingface_hub", extra="hub", purpose=f"{folder} is no folder here; asking the hub for it"
    )
    return _asked(
        folder,
        lambda: hub.snapshot_download(
            folder,
            revision=revision,
            cache_dir=cache_dir,
            token=token,
            library_name="bothways",
            allow_patterns=_PATTERNS,
        ),
    )


def push(
    folder: str | None,
    spec: Spec,
    repo_id: str,
    *,
    private: bool | None,
    revision: str | None,
    commit_message: str,
    token: Token,
) -> str:
    """Upload the files of a model's `folder`; the address of the commit.

    Every byte is checked before. Raises `ArgumentError` for a model without a folder,
    `ArtifactError` if the folder is another one by now or the hub refuses, and
    `MissingExtraError`.
    """
    if folder is None:
        raise ArgumentError("this model is in memory alone: save it, and push what is loaded")
    hub = require("huggingface_hub", extra="hub", purpose="push_to_hub")
    if artifact.load(folder)[0] != spec:
        raise ArtifactError(f"{folder}: holds another model since this one was loaded")
    names = artifact.file_names(folder)
    api = hub.HfApi(token=token, library_name="bothways")

    def upload() -> str:
        api.create_repo(repo_id, private=private, exist_ok=True)
        done = api.upload_folder(
            repo_id=repo_id,
            folder_path=folder,
            revision=revision,
            commit_message=commit_message,
            allow_patterns=names,
        )
        return str(done.commit_url)

    return _asked(repo_id, upload)


def _asked(name: str, request: Callable[[], T]) -> T:
    """What the hub answers. Its client raises errors of some twenty kinds from three libraries."""
    try:
        return request()
    except Exception as error:
        reason = " ".join(str(error).split())[:300] or type(error).__name__
        raise ArtifactError(f"{name}: the hub did not answer as hoped ({reason})") from None
