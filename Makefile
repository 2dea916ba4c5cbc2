# `make run` and `make test` do all the set-up themselves, in .venv.
# Another interpreter: make PYTHON=python3.12 run
# Measure on a PostgreSQL server too: make BENCH_DATABASE=postgresql://user@host:5432/postgres bench

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin

.DEFAULT_GOAL := help
.PHONY: help run test lint check docs durability bench clean

help:
	@echo "make run         set up and start the server on http://127.0.0.1:8080"
	@echo "make test        set up and run the tests"
	@echo "make check       lint, format, types, tests"
	@echo "make docs        write the generated pages of docs/ anew"
	@echo "make durability  crash servers and databases under load, look for lost records"
	@echo "make bench       measure uploads, reads, events, exports and the core"
	@echo "make clean       remove what make has made; data directories stay"

run: $(VENV)/.run
	@exec $(BIN)/personae serve

test: $(VENV)/.dev
	$(BIN)/python -m pytest

lint: $(VENV)/.dev
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy

check: lint test

docs: $(VENV)/.dev
	$(BIN)/python -m personae.reference

durability: $(VENV)/.dev
	$(BIN)/python -m tests.durability.kill_rounds --rounds 100
	$(BIN)/python -m tests.durability.kill_rounds --rounds 50 --database postgresql
	$(BIN)/python -m tests.durability.restart_rounds --rounds 20
	$(BIN)/python -m tests.durability.restart_rounds --rounds 20 --timeout 1 --standby
	$(BIN)/python -m tests.durability.failovers --rounds 5
	$(BIN)/python -m tests.durability.failovers --rounds 5 --timeout 1
	$(BIN)/python -m tests.durability.writers

bench: $(VENV)/.dev
	$(BIN)/python -m benchmarks.upload
	$(BIN)/python -m benchmarks.core
	$(BIN)/python -m benchmarks.mixed
	$(BIN)/python -m benchmarks.events
	$(BIN)/python -m benchmarks.export
	$(if $(BENCH_DATABASE),$(BIN)/python -m benchmarks.upload --database '$(BENCH_DATABASE)')
	$(if $(BENCH_DATABASE),$(BIN)/python -m benchmarks.mixed --database '$(BENCH_DATABASE)')
	$(if $(BENCH_DATABASE),$(BIN)/python -m benchmarks.events --database '$(BENCH_DATABASE)')
	$(if $(BENCH_DATABASE),$(BIN)/python -m benchmarks.export --database '$(BENCH_DATABASE)')
	$(if $(BENCH_DATABASE),$(BIN)/python -m benchmarks.workers --database '$(BENCH_DATABASE)')
	$(if $(BENCH_DATABASE),$(BIN)/python -m benchmarks.peers --database '$(BENCH_DATABASE)')

clean:
	rm -rf $(VENV) .mypy_cache .pytest_cache .ruff_cache .hypothesis dist
	find src tests benchmarks -name __pycache__ -type d -prune -exec rm -rf {} +

# The stamps: a set-up is done again only when pyproject.toml has changed.
$(VENV)/.pip:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
	  { echo "personae needs Python 3.11 or newer, and $(PYTHON) is not. Name another: make PYTHON=python3.12 $(MAKECMDGOALS)" >&2; exit 1; }
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --upgrade 'pip>=25.1'
	@touch $@

$(VENV)/.run: $(VENV)/.pip pyproject.toml
	$(BIN)/python -m pip install --quiet --editable .
	@touch $@

$(VENV)/.dev: $(VENV)/.run
	$(BIN)/python -m pip install --quiet --group dev
	@touch $@
