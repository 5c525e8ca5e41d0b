# The two commands that do everything: `make refresh` and `make test`. Both set up .venv where it is missing or old.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin

.PHONY: refresh test sample simulate lint setup clean
.DEFAULT_GOAL := refresh

refresh: setup  ## publish a release of the bundled synthetic sample
	$(BIN)/salary-bands refresh --as-of 2026-06-30

test: setup  ## all tests
	$(BIN)/python -m pytest -n 2 --dist loadfile

lint: setup
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/sqlfluff lint sql

sample: setup  ## make the bundled sample anew
	$(BIN)/salary-bands sample --to data/raw

simulate: setup  ## what the method does where the truth is known, into docs/method.md; 25 minutes of processor time
	$(BIN)/python -m tests.simulate --out docs/method.md

setup: $(VENV)/.installed

$(VENV)/.installed: pyproject.toml
	$(PYTHON) -c 'import sys; sys.exit(None if sys.version_info >= (3, 11) else "Python 3.11 or later is needed: make PYTHON=python3.11 ...")'
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -e '.[web,dev]'
	touch $@

clean:  ## remove what a refresh made, but for the sample
	rm -rf data/work
	find data/marts -mindepth 1 -maxdepth 1 ! -name README.md -exec rm -rf {} +
