"""What the manifests for Kubernetes hold."""

from __future__ import annotations

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


def command(container, shared, **environment):
    """The command of a container, where /shared is the folder `shared`."""
    program, *words = [*container["command"], *container.get("args", [])]
    for name, value in environment.items():
        words = [word.replace(f"$({name})", value) for word in words]
    words = [word.replace("/shared/", f"{shared}/") for word in words]
    return [str(Path(sys.executable).parent / program), *words]
