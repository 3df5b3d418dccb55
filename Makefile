# Each target works from a fresh clone: it makes .venv where it is missing, and installs there what it needs and no more.
PYTHON ?= python3
BIN := .venv/bin
INSTALLED := .venv/.installed
TESTING := .venv/.testing
PIP := $(BIN)/pip install --quiet --constraint constraints.txt --editable

.PHONY: demo test test-all soak lint types tests tests-all docs findings tour bench ui clean

demo: $(INSTALLED)
	$(BIN)/cae run experiments/quickstart.yaml

# Before a commit; and with all that kills, starts servers, clusters and browsers, or counts rates.
test: lint types tests

test-all: lint types tests-all

lint: $(TESTING)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/lint-imports

types: $(TESTING)
	$(BIN)/mypy

tests: $(TESTING)
	$(BIN)/pytest -n 2 --dist worksteal -m "not (thorough or soak)"

tests-all: $(TESTING)
	$(BIN)/pytest -n 2 --dist worksteal -m "not soak" --hypothesis-profile=exploring

soak: $(TESTING)
	$(BIN)/pytest -m soak

# Strict counts the warnings that are shown: not with --quiet.
docs: $(INSTALLED)
	$(PIP) '.[docs]'
	NO_MKDOCS_2_WARNING=1 $(BIN)/mkdocs build --strict
	@echo "site/index.html opens in a browser; searching in it needs python3 -m http.server --directory site"

# Renews the tables and figures of docs/findings.md from experiments/results.
findings: $(INSTALLED)
	$(BIN)/python -m benchmarks.findings

# Runs the notebook and keeps what it shows.
tour: $(TESTING)
	$(BIN)/python docs/notebooks/build.py tour

bench: $(INSTALLED)
	$(PIP) '.[bench]'
	$(BIN)/python -m benchmarks

ui: $(INSTALLED)
	$(BIN)/cae ui

clean:
	rm -rf .venv build site *.egg-info .pytest_cache .mypy_cache .ruff_cache .hypothesis

$(INSTALLED): pyproject.toml constraints.txt
	$(PYTHON) -c 'import sys; sys.exit(not (3, 11) <= sys.version_info < (3, 14) and "Python 3.11 to 3.13 is needed; set PYTHON=")'
	$(PYTHON) -m venv .venv
	$(PIP) .
	touch $@

$(TESTING): $(INSTALLED)
	$(PIP) '.[test]'
	touch $@
