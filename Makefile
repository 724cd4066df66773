# `make demo` and `make test` do all the set-up on a fresh machine: Python 3.11 or newer, git and make are enough.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip install --quiet --disable-pip-version-check --constraint constraints.txt

.PHONY: help demo test test-slow lint types floors unit theory bench clean

help:
	@echo "make demo        install genloom and run the main job: genloom study square"
	@echo "make test        everything that CI runs: lint, types, floors, doctests, tests, the README's commands"
	@echo "make test-slow   the proofs that take minutes"
	@echo "make bench       genloom and its peers on the same work in one run"
	@echo "make theory      write the pages of docs/theory from the written questions"

demo: $(VENV)/.core
	$(BIN)/genloom study square

test: lint types floors unit

lint: $(VENV)/.dev
	$(BIN)/ruff check .

types: $(VENV)/.dev
	$(BIN)/mypy

floors: $(VENV)/.dev
	$(BIN)/lint-imports

unit: $(VENV)/.dev
	OMP_NUM_THREADS=1 $(BIN)/python -m pytest -n 2 --dist loadfile -m "not slow and not gpu"

test-slow: $(VENV)/.dev
	$(BIN)/python -m pytest -m slow

theory: $(VENV)/.core
	$(BIN)/python -m genloom.studies.written.pages docs/theory

bench: $(VENV)/.dev
	$(BIN)/genloom bench points

$(VENV)/bin/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' \
	  || { echo "genloom needs Python 3.11 or newer; found $$($(PYTHON) --version). Try: make PYTHON=python3.12 demo"; exit 2; }
	$(PYTHON) -m venv $(VENV)

$(VENV)/.core: pyproject.toml constraints.txt | $(VENV)/bin/python
	$(PIP) torch
	$(PIP) --editable .
	@touch $@

$(VENV)/.dev: $(VENV)/.core
	$(PIP) --editable '.[dev]'
	@touch $@

clean:
	rm -rf $(VENV) .pytest_cache .mypy_cache .ruff_cache .import_linter_cache
