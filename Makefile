# make demo    the whole story in under a minute, no data needed
# make test    every test;  make check    lint, types
# make sanitize, make sanitize-threads   the kernels' tests under sanitizers, some minutes each
# make bench   the project's own figures beside its peers (own virtual environment)
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
SOURCES := $(wildcard csrc/*) CMakeLists.txt pyproject.toml constraints.txt

.PHONY: demo test check sanitize sanitize-threads bench clean

$(BIN)/python:
	$(PYTHON) -m venv $(VENV)
	$(BIN)/pip install --quiet --upgrade pip

# The package is installed in place (editable), and again when the C++ changes. jax comes first:
# its headers are what the handlers for it are compiled with.
$(VENV)/.installed: $(SOURCES) | $(BIN)/python
	$(BIN)/pip install --quiet --constraint constraints.txt \
	  "scikit-build-core>=0.10" "nanobind>=2.4" cmake ninja "jax>=0.5"
	$(BIN)/pip install --quiet --constraint constraints.txt --no-build-isolation \
	  --config-settings=cmake.define.BOTHWAYS_TILE_MODEL=ON --editable ".[all]"
	$(BIN)/pip install --quiet --constraint constraints.txt --group dev
	touch $@

demo: $(VENV)/.installed
	$(BIN)/bothways demo

test: $(VENV)/.installed
	$(BIN)/python -m pytest

check: $(VENV)/.installed
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

sanitize: $(VENV)/.installed
	$(BIN)/python tests/sanitize/run.py address

sanitize-threads: $(VENV)/.installed
	$(BIN)/python tests/sanitize/run.py thread

bench: $(VENV)/.installed
	$(BIN)/python benchmarks/run.py

clean:
	rm -rf build $(VENV)
