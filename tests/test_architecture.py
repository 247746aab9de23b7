"""The rules of the house that a machine can check."""

from __future__ import annotations

import ast
import importlib
import pkgutil
import subprocess
import sys
from pathlib import Path

import pytest

import bothways

ROOT = Path(__file__).parents[1]
SOURCE = ROOT / "src" / "bothways"

# A module imports lower numbers only; rooms of one number do not know each other.
LEVELS = {
    "errors": 0,
    "_amounts": 0.5,
    "_ragged": 0.5,
    "kernels": 1,
    "storage": 1,
    "text": 2,
    "data": 2,
    "optim": 2,
    "artifact": 3,
    "vectors": 3,
    "corpus": 3.5,
    "pages": 4,
    "runtime": 4,
    "nn": 4,
    "training": 5,
    "explain": 5,
    "interop": 5,
    "keras": 5,
    "scoring": 5,
    "serving": 5.5,
    "report": 6,
    "compression": 6,
    "estimators": 6,
    "comparison": 6.5,
    "inspection": 6.5,
    "tuning": 6.5,
    "cli": 7,
    "__main__": 8,
}
# torch is known to a room, and to files that their room imports for a GPU alone.
TORCH_ROOMS = {"nn"}
TORCH_FILES = {"training/_torch.py", "training/_distributed.py", "keras/_torch.py"}
EXPORTED = {"Ragged": "_ragged"} | {
    name: module.split(".")[1] for name, module in bothways._LAZY.items()
}
PYTHON = sorted(SOURCE.rglob("*.py"))


def room(path: Path) -> str:
    return path.relative_to(SOURCE).parts[0].removesuffix(".py")


def imports(path: Path, *, top: bool = False) -> list[str]:
    """Modules that a file imports; with `top`, only those that importing it imports."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    found = []
    for node in tree.body if top else ast.walk(tree):
        if isinstance(node, ast.Import):
            found += [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and node.level == 0:
            found.append(node.module or "")
            found += [f"{node.module}.{alias.name}" for alias in node.names]
    return found


@pytest.mark.parametrize("path", PYTHON, ids=lambda p: str(p.relative_to(SOURCE)))
def test_imports_point_downwards(path):
    here = room(path)
    if here == "__init__":
        return
    for name in imports(path):
        parts = name.split(".")
        if parts[0] != "bothways" or len(parts) < 2:
            continue
        there = parts[1] if parts[1] in LEVELS else EXPORTED.get(parts[1], here)
        if there == here:
            continue
        assert LEVELS[there] < LEVELS[here], f"{here} imports {there}"


@pytest.mark.parametrize("path", PYTHON, ids=lambda p: str(p.relative_to(SOURCE)))
def test_torch_stays_in_its_rooms(path):
    if room(path) not in TORCH_ROOMS and str(path.relative_to(SOURCE)) not in TORCH_FILES:
        assert not [name for name in imports(path) if name.split(".")[0] == "torch"]
        files = {f"bothways.{name.removesuffix('.py').replace('/', '.')}" for name in TORCH_FILES}
        assert not set(imports(path, top=True)) & (files | {"bothways.nn"})


def test_every_room_has_a_level():
    assert {room(path) for path in PYTHON} - {"__init__"} == set(LEVELS)


def public_packages():
    names = [name for _, name, is_package in pkgutil.iter_modules(bothways.__path__) if is_package]
    return ["bothways", *(f"bothways.{name}" for name in names)]


@pytest.mark.parametrize("name", public_packages())
def test_public_names_are_listed_and_there(name):
    module = importlib.import_module(name)
    assert len(module.__all__) == len(set(module.__all__))
    for public in module.__all__:
        assert getattr(module, public) is not None
    path = Path(module.__file__)
    tree = ast.parse(path.read_text(encoding="utf-8"))
    bound = {
        alias.asname or alias.name
        for node in tree.body
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("bothways.")
        for alias in node.names
        if node.module != "bothways.errors" or alias.name != "require"
    }
    private = {path.stem for path in (SOURCE / "cli").glob("_*.py")}  # the commands
    assert bound - private - set(module.__all__) <= {"BothwaysError"}


@pytest.mark.parametrize("name", public_packages())
def test_public_things_have_docstrings(name):
    module = importlib.import_module(name)
    assert module.__doc__
    for public in module.__all__:
        value = getattr(module, public)
        if callable(value) and getattr(value, "__module__", "").startswith("bothways"):
            assert value.__doc__, f"{name}.{public} has no docstring"


def test_modules_are_private_or_namespaces():
    public = {"__init__.py", "__main__.py", "errors.py", "reference.py"}
    for path in PYTHON:
        assert path.name.startswith("_") or path.name in public, path


def test_files_are_small():
    files = [*PYTHON, *(ROOT / "csrc").iterdir(), *(ROOT / "tests").rglob("*.py")]
    files += (ROOT / "benchmarks").rglob("*.py")
    lengths = {path: len(path.read_text(encoding="utf-8").splitlines()) for path in files}
    assert {path: n for path, n in lengths.items() if n > 500} == {}
    assert sorted(lengths.values())[len(lengths) // 2] <= 150


def loaded_by(code: str) -> set[str]:
    code += "\nimport sys; print(*sorted({m.partition('.')[0] for m in sys.modules}))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    return set(done.stdout.split())


HEAVY = {
    "jax",
    "keras",
    "optuna",
    "fsspec",
    "torch",
    "pyarrow",
    "sklearn",
    "scipy",
    "pandas",
    "matplotlib",
    "rich",
    "typer",
}


def test_importing_is_light():
    loaded = loaded_by("import bothways; from bothways import kernels, Ragged, TextVectorizer")
    assert not loaded & HEAVY
    assert "numpy" in loaded


def test_prediction_needs_no_torch(tiny_model):
    loaded = loaded_by(
        f"import bothways; model = bothways.load({str(tiny_model)!r}); model.predict(['good'])"
    )
    assert not loaded & HEAVY


def test_training_on_the_cpu_needs_no_torch():
    loaded = loaded_by(
        "from bothways import TextClassifier\n"
        "texts, labels = ['good', 'bad'] * 8, ['a', 'b'] * 8\n"
        "TextClassifier(epochs=1, validation=4).fit(texts, labels).predict(['good'])"
    )
    assert "torch" not in loaded and "sklearn" in loaded
    assert not loaded_by("import bothways.training") & HEAVY


def test_no_tier_leaks_into_another():
    """Vector code compiled for one tier must not be linked from another: a symbol that is
    weak could be. Only the tables are visible."""
    extension = Path(importlib.import_module("bothways.kernels._kernels").__file__)
    try:
        symbols = subprocess.run(
            ["nm", "-C", str(extension)], capture_output=True, text=True, check=True
        ).stdout
    except (FileNotFoundError, subprocess.CalledProcessError):
        pytest.skip("nm cannot read the extension here")
    weak = [line for line in symbols.splitlines() if " W " in line or " V " in line]
    assert not [line for line in weak if "Buffer" in line or "tile" in line or "fma" in line]
