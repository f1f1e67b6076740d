# Everything a person types here does its own set-up in .venv first.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
TESTS ?= tests

export OMP_NUM_THREADS ?= 1
export OMP_WAIT_POLICY ?= passive
export THP_MEM_ALLOC_ENABLE ?= 1

.PHONY: run test check fix bench facts checkpoints approaches

run: $(VENV)/.installed ## start the app on this machine
	$(BIN)/python -m cvexplore app

test: $(VENV)/.installed-dev ## all tests that need no GPU and no network
	$(BIN)/python tests/browser/chromium.py
	$(BIN)/python -m pytest $(TESTS) -m "not gpu and not network and not browser" -n 2
	$(BIN)/python -m pytest $(TESTS) -m browser  # alone: a person's browser has a core to itself

check: $(VENV)/.installed-dev ## formatting, lint and types
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/pyright

fix: $(VENV)/.installed-dev ## let the tools mend what they can
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

bench: $(VENV)/.installed-dev ## what is fast, side by side with peers
	$(BIN)/python -m benchmarks

facts: $(VENV)/.installed ## measure every architecture again
	$(BIN)/python -m cvexplore.catalog.facts

checkpoints: $(VENV)/.installed ## train the bundled networks again, from their recipes
	$(BIN)/python -m cvexplore.checkpoints.making $(NAMES)

approaches: $(VENV)/.installed ## measure every way to learn again, for the page Approaches
	$(BIN)/python -m cvexplore.studies --again $(NAMES)

$(VENV)/.installed: requirements.txt pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
	  { echo "cvexplore needs Python 3.11 or newer: make PYTHON=python3.12 …"; exit 1; }
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --requirement requirements.txt
	$(BIN)/python -m pip install --quiet --no-deps --editable .
	@touch $@

$(VENV)/.installed-dev: $(VENV)/.installed requirements-dev.txt
	$(BIN)/python -m pip install --quiet --requirement requirements-dev.txt
	@touch $@
