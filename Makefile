# One list of commands for a person and for CI. Everything lives in .venv; nothing else is touched.
PYTHON ?= python3
BIN := .venv/bin
FAST := not slow and not gpu
QUICK := $(FAST) and not model
# Two processes; the tests of a file share its fixtures.
PARALLEL := -n 2 --dist loadfile

help:  ## show this list
	@sed -n 's/^\([a-z]*\):.*## /\1|/p' $(MAKEFILE_LIST) | while IFS='|' read -r name text; do \
	  printf '  make %-6s %s\n' "$$name" "$$text"; done

setup: .venv/.dev  ## a virtual environment in .venv with all that is needed to work on abrege

fix: setup  ## format, mend what ruff can mend, write the generated pages
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .
	$(BIN)/python -m abrege.cli.docs

check: setup  ## format, lint, types, layers
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports --no-logo

quick: setup  ## under a minute: some tests of every package, few that load a model
	$(BIN)/pytest -x -q $(PARALLEL) -m "$(QUICK)"

test: check  ## check, and all tests but the slow ones: minutes
	$(BIN)/pytest -q $(PARALLEL) -m "$(FAST)"

slow: setup  ## the slow tests: real models end to end, browser
	$(BIN)/pytest -m "slow and not gpu"

gpu: setup  ## the tests that need a GPU
	$(BIN)/pytest -m gpu

demo: .venv/.run  ## tune a small model on real papers and show on a page what came of it
	$(BIN)/abrege run quickstart --out runs/demo
	@echo "Open runs/demo/report/index.html in a browser."

bench: .venv/.bench  ## speed against TRL, peft, Trainer and rouge-score, on the same rows
	for kind in lora qlora full seq2seq; do $(BIN)/python benchmarks/$${kind}_speed.py || exit 1; done
	$(BIN)/python benchmarks/long_row.py
	$(BIN)/python benchmarks/score_speed.py --million
	$(BIN)/python benchmarks/collect_speed.py

clean:  ## remove .venv, build products and caches; runs/ stays
	rm -rf .venv .venv-newest build dist .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

newest:  ## the quick tests with the newest release of every package, in .venv-newest
	@$(PYTHON) -m venv --clear .venv-newest
	@.venv-newest/bin/pip install -qq --upgrade pip
	@.venv-newest/bin/pip install -qq --no-index --no-deps torch 2>/dev/null || true
	@echo "Installing the newest of everything into .venv-newest: some minutes."
	@.venv-newest/bin/pip install -qq --editable '.[dev]'
	.venv-newest/bin/pytest -q $(PARALLEL) -m "$(QUICK)"

lock:  ## write constraints.txt from .venv-newest: run the tests before committing it
	@{ sed -n '/^#/p' constraints.txt; .venv-newest/bin/pip freeze --exclude-editable | \
	  grep -v ' @ ' | sed 's/^\(torch==[0-9.]*\)+.*/\1/'; } >constraints.new
	@mv constraints.new constraints.txt

# A CPU build of torch offered by a find-links folder is taken before gigabytes of CUDA; either fits
# constraints.txt, which holds the versions that the tests last passed with.
.venv/.run: pyproject.toml constraints.txt
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null || { \
	  echo "abrege needs Python 3.11 or later, and $(PYTHON) is not: make PYTHON=python3.12 ..." >&2; exit 1; }
	@test -x $(BIN)/pip || $(PYTHON) -m venv --clear .venv
	@$(BIN)/pip install -qq --no-index --no-deps --constraint constraints.txt torch 2>/dev/null || true
	@echo "Installing abrege and what it needs into .venv: some minutes, the first time."
	@$(BIN)/pip install -qq --constraint constraints.txt --editable '.[train,annotate,collect]'
	@touch $@

.venv/.dev: .venv/.run
	@$(BIN)/pip install -qq --constraint constraints.txt --editable '.[dev]'
	@touch $@

.venv/.bench: .venv/.run
	@$(BIN)/pip install -qq --constraint constraints.txt --editable '.[bench]'
	@touch $@

.PHONY: help setup fix check quick test slow gpu demo bench newest lock clean
