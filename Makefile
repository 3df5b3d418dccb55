# `make demo` and `make test` work from a fresh clone: each makes .venv first where it is missing.
PYTHON ?= python3
BIN := .venv/bin
INSTALLED := .venv/.installed

.PHONY: demo test test-all soak lint types tests tests-all bench ui clean

demo: $(INSTALLED)
	$(BIN)/cae run experiments/quickstart.yaml

# Before a commit; and with all that kills, starts servers, clusters and browsers, or counts rates.
test: lint types tests

test-all: lint types tests-all

lint: $(INSTALLED)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/lint-imports

types: $(INSTALLED)
	$(BIN)/mypy

tests: $(INSTALLED)
	$(BIN)/pytest -n 2 --dist worksteal -m "not thorough"

tests-all: $(INSTALLED)
	$(BIN)/pytest -n 2 --dist worksteal -m "not soak"

soak: $(INSTALLED)
	$(BIN)/pytest -m soak

bench: $(INSTALLED)
	$(BIN)/pip install --quiet --constraint constraints.txt --editable '.[bench]'
	$(BIN)/python -m benchmarks

ui: $(INSTALLED)
	$(BIN)/cae ui

clean:
	rm -rf .venv build *.egg-info .pytest_cache .mypy_cache .ruff_cache .hypothesis

$(INSTALLED): pyproject.toml constraints.txt
	$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Python 3.11 or newer is needed; set PYTHON=")'
	$(PYTHON) -m venv .venv
	$(BIN)/pip install --quiet --constraint constraints.txt --editable '.[test]'
	touch $@
