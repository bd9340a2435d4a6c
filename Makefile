# Two commands matter: `make demo` and `make test`. Each does all of its set-up.
PYTHON ?= python3
VENV   := .venv
BIN    := $(VENV)/bin
READY  := $(VENV)/.ready

.PHONY: help setup demo test mutants lint types docs lock bench profile prove clean

help: ## Show this
	@grep -hE '^[a-z]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 10

setup: $(READY) ## Install into .venv and fetch Apache Kafka (again: a second)
	@$(BIN)/python -m stream.local.prepare

demo: setup ## A simulated city, judged live (KEEP=1: stay up)
	@$(BIN)/pingliu demo $(if $(KEEP),--keep) $(DEMO_FLAGS)

test: setup ## All tests, with a real broker and a real ClickHouse
	@$(BIN)/python -m pytest --numprocesses 3 --dist loadfile --no-loadscope-reorder $(TEST_FLAGS)

mutants: setup ## Whether the tests notice a change in processors/ (ONLY=processors/rules: in a part)
	@nice $(BIN)/python -m tests.mutants $(ONLY)

lint: setup ## ruff
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

types: setup ## mypy --strict
	$(BIN)/mypy

bench: setup ## Pingliu beside its peers, in ratios (BENCH_FLAGS=--quick: to see that it works)
	@$(BIN)/python -m load_tests.bench $(BENCH_FLAGS)

profile: setup ## Where the worker's microseconds go, line by line
	@$(BIN)/python -m load_tests.bench.profile $(PROFILE_FLAGS)

prove: setup ## The engine against the independent oracle, over ten million scans (hours; out at the first difference)
	@PINGLIU_ORACLE_SCANS=10000000 $(BIN)/python -m pytest -vv -x --numprocesses auto tests/processors/test_oracle.py

docs: setup ## Write the reference pages of docs/ from the code
	@$(BIN)/python -m stream.reference

lock: $(READY) ## Write requirements.lock anew from pyproject.toml, for every platform
	$(BIN)/uv pip compile --quiet --universal --generate-hashes --no-annotate --python-version 3.11 \
		--extra dev --extra bench -o requirements.lock pyproject.toml

clean: ## Remove what the above made
	rm -rf $(VENV) .pingliu .pytest_cache .mypy_cache .ruff_cache .hypothesis

$(READY): requirements.lock pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
		{ echo "Python 3.11 or newer is needed, $(PYTHON) is older: make PYTHON=/path/to/python3.11 ..."; exit 1; }
	@echo "installing the pinned packages into $(VENV): a minute or two the first time"
	@$(PYTHON) -m venv $(VENV)
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --retries 3 --require-hashes -r requirements.lock || \
		{ echo "could not fetch the Python packages of requirements.lock: is the package index reachable?"; exit 1; }
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .
	@touch $@
