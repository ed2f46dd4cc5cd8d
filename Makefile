# `make` says what there is. Nothing here needs activating: everything runs from .venv.
.DEFAULT_GOAL := help
.PHONY: help setup dev demo up test live faults soak check bench lock clean

PYTHON ?=
# Most tests wait for a server or a page: three processes keep two cores busy.
TEST_PROCESSES ?= 3
BIN := .venv/bin
# A stamp is newer than what it was made from, or is made again; a repeated `make setup` takes no time.
READY := .venv/.ready
READY_DEV := .venv/.ready-dev
PIP_INSTALL := $(BIN)/python -m pip install --disable-pip-version-check --quiet

help: ## Show what there is
	@awk -F ':.*## ' '/^[a-z]+:.*## /{printf "  make %-8s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

setup: $(READY) ## Make .venv with all that Postroom needs, servers included

dev: $(READY_DEV) ## The same with the tools for tests and checks

$(BIN)/python:
	@python=$$(scripts/preflight.sh "$(PYTHON)") && echo "Making .venv with $$python" && "$$python" -m venv .venv || { rm -rf .venv; exit 1; }

$(READY): $(BIN)/python requirements-embedded.lock pyproject.toml
	@echo "Installing what Postroom needs (a minute or two, once)"
	@$(PIP_INSTALL) --require-hashes -r requirements-embedded.lock
	@$(PIP_INSTALL) --no-deps --no-build-isolation --config-settings editable_mode=compat --editable .
	@touch $@

$(READY_DEV): $(READY) requirements-dev.lock
	@echo "Installing the tools for tests and checks"
	@$(PIP_INSTALL) --require-hashes -r requirements-dev.lock
	@touch $@

demo: setup ## Send the first messages and watch them arrive; ARGS=--once ends by itself
	@$(BIN)/postroom demo $(ARGS)

up: setup ## Start everything and keep it running until Ctrl-C
	@$(BIN)/postroom up $(ARGS)

test: dev ## Unit, contract, integration, acceptance and browser tests; ARGS='-k words' chooses
	$(BIN)/pytest --ignore=tests/faults --numprocesses=$(TEST_PROCESSES) --dist=loadfile --no-loadscope-reorder $(ARGS)

live: dev ## The journeys through the Odoo that ODOO_URL names, and their table (docs/odoo.md)
	$(BIN)/python -m tests.live $(ARGS)

faults: dev ## The scenarios that kill processes
	$(BIN)/pytest tests/faults --numprocesses=2 --dist=loadfile --no-loadscope-reorder $(ARGS)

soak: dev ## A house under faults for ten minutes, then the promises judged; ARGS='--minutes 60' for longer
	$(BIN)/python -m bench.soak $(ARGS)

check: dev ## Lint, format, types, import contracts
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

bench: dev ## Measure against named baselines; writes bench/results.json
	$(BIN)/python -m bench $(ARGS)

lock: $(BIN)/python ## Pin the dependencies with hashes, for every platform; ARGS=--upgrade takes the newest
	@$(BIN)/python -m venv .venv/lock && .venv/lock/bin/python -m pip install --quiet 'uv>=0.9'
	$(call pin,requirements.lock)
	$(call pin,requirements-embedded.lock,--group embedded)
	$(call pin,requirements-dev.lock,--group embedded --group dev)

pin = .venv/lock/bin/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes $(ARGS) \
	--no-emit-index-url --custom-compile-command 'make lock' pyproject.toml $(2) --output-file $(1)

clean: ## Remove .venv; .postroom (data and secrets) stays
	rm -rf .venv
