# `make help` lists the targets. Each of them first sets up what it needs in .venv: users' packages, or developers' too,
# at the versions and hashes of requirements/, so that everybody runs what CI has tested.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
INSTALL := $(BIN)/python -m pip --disable-pip-version-check install
PYTEST := $(BIN)/python -m pytest -n 2 --dist loadfile
unexport PYTHONDONTWRITEBYTECODE  # some images set it: every process of the tests would then compile all modules anew

.PHONY: refresh test test-fast lint pages sample simulate backtest attack lies bench chaos lock setup clean help
.DEFAULT_GOAL := refresh
.DELETE_ON_ERROR:

refresh: $(VENV)/.user  ## publish a release of the bundled synthetic sample to data/marts/
	$(BIN)/salary-bands refresh --as-of 2026-06-30

test: setup  ## run all tests
	$(PYTEST)

test-fast: setup  ## run the tests that take no longer than a moment each
	$(PYTEST) -m "not slow"

lint: setup  ## check style, types, SQL, and that the generated pages are fresh
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/sqlfluff lint sql
	$(BIN)/python -m salary_bands.pages --check

pages: setup  ## write the generated pages: the dictionary, docs/formats.md, docs/levels.md, docs/taxonomy.md
	$(BIN)/python -m salary_bands.pages

sample: $(VENV)/.user  ## write the bundled sample to data/raw/sample/
	$(BIN)/salary-bands sample --to data/raw

simulate: setup  ## test the method where the truth is known, and write docs/method.md; a quarter of an hour of processor time
	$(BIN)/python -m tests.simulate --out docs/method.md

backtest: setup  ## split the real exports of ../shared/data in time, and write docs/method.md; skips where they are not
	$(BIN)/python -m tests.backtest --out docs/method.md

attack: setup  ## attack the people in simulated releases, and write docs/method.md; an hour of processor time
	$(BIN)/python -m tests.attack --out docs/method.md

lies: setup  ## report made-up pay in simulated releases, and write docs/method.md; ten minutes of processor time
	$(BIN)/python -m tests.liars --out docs/method.md

bench: setup  ## measure what a refresh costs beside the floor, and write docs/performance.md; half an hour
	$(BIN)/python -m tests.bench --out docs/performance.md

TRIALS ?= 25
SEED ?= 1

chaos: setup  ## kill, starve, corrupt and race refreshes; TRIALS=25 take three minutes, SEED=1 draws them
	$(BIN)/python -m tests.chaos --trials $(TRIALS) --seed $(SEED)

lock: $(VENV)-lock/bin/uv  ## write requirements/ after a change of pyproject.toml; with UPGRADE=1 to the newest versions
	$(call compile,requirements/dev.txt,--extra dev)
	$(call compile,requirements/user.txt,--extra web --constraint requirements/dev.txt)

setup: $(VENV)/.dev  ## install what developers need

clean:  ## remove what a refresh made, but for the disclosure key
	rm -rf data/work
	find data/marts -mindepth 1 -maxdepth 1 ! -name README.md ! -name .disclosure_key -exec rm -rf {} +

help:  ## list the targets
	@awk -F ':.*  ## ' '/^[a-z-]+:.*  ## / {printf "make %-10s %s\n", $$1, $$2}' Makefile

# an upgrade of the system may remove the Python that .venv was made with
$(if $(realpath $(BIN)/python),,$(shell rm -f $(VENV)/.user $(VENV)/.dev))

# developers' packages are users' and more, at the same versions
$(VENV)/.user: $(BIN)/python requirements/user.txt pyproject.toml
	$(call install,user,web)

$(VENV)/.dev: $(BIN)/python requirements/dev.txt pyproject.toml
	$(call install,dev,dev)
	@touch $(VENV)/.user

$(BIN)/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and \
	"$(PYTHON) is %d.%d, Salary Bands needs 3.11 or later: make PYTHON=python3.12" % sys.version_info[:2] or 0)'
	@echo "Creating $(VENV)"
	@$(PYTHON) -m venv --clear $(VENV)

$(VENV)-lock/bin/uv:
	$(PYTHON) -m venv --clear $(VENV)-lock
	$(VENV)-lock/bin/python -m pip --disable-pip-version-check install --quiet uv

# $(call install,LOCK,EXTRA): the packages of the lock file, then the project, which fails if the lock file lacks any
define install
	@echo "Installing the packages of requirements/$(1).txt into $(VENV); this takes a minute or two"
	@test -t 1 || quiet=--quiet; $(INSTALL) $$quiet --require-hashes -r requirements/$(1).txt
	@$(INSTALL) --quiet --no-index --no-build-isolation -e '.[$(2)]' \
		|| { echo "requirements/$(1).txt does not fit pyproject.toml; run: make lock" >&2; exit 1; }
	@touch $@
endef

define compile
	$(VENV)-lock/bin/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-strip-extras \
		--custom-compile-command "make lock" $(if $(UPGRADE),--upgrade) \
		pyproject.toml --group build $(2) -o $(1)
endef
