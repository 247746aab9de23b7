"""What the manifests for Kubernetes hold."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest
from lint import DEPLOY

KUBERNETES = DEPLOY / "kubernetes"
FILES = sorted(KUBERNETES.glob("*.yaml"))


def objects(name):
    """The objects of a file, by kind."""
    yaml = pytest.importorskip("yaml")
    return {found["kind"]: found for found in yaml.safe_load_all((KUBERNETES / name).read_text())}


def pod(name):
    """What the pods of a file's Deployment or Job are."""
    found = objects(name)
    return found.get("Deployment", found.get("Job"))["spec"]["template"]["spec"]


def command(container, shared, **variables):
    """The command of a container, where /shared is the folder `shared`, and its environment."""
    given = {entry["name"]: entry["value"] for entry in container.get("env", [])} | variables
    given = {name: _moved(value, shared) for name, value in given.items()}
    words = [_moved(word, shared) for word in [*container["command"], *container.get("args", [])]]
    for name, value in given.items():
        words = [word.replace(f"$({name})", value) for word in words]
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    return words, os.environ | given | {"PATH": path}


def _moved(word, shared):
    return f"{shared}{word.removeprefix('/shared')}" if word.startswith("/shared/") else word
