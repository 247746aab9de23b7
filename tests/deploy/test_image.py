"""The recipe of the image."""

from __future__ import annotations

import re
import tomllib

from lint import DEPLOY, lint

IMAGE = (DEPLOY / "Dockerfile").read_text()


def test_its_linter_finds_nothing():
    lint("hadolint", DEPLOY / "Dockerfile")


def test_the_extras_that_it_names_exist():
    project = tomllib.loads((DEPLOY.parent / "pyproject.toml").read_text())
    extras = {
        extra for names in re.findall(r"EXTRAS=([\w,]+)", IMAGE) for extra in names.split(",")
    }
    assert len(extras) >= 2 and extras <= set(project["project"]["optional-dependencies"])
