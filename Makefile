# Checkstand: what a person runs. `make` alone lists the targets.
#
# Two stamps keep a second run fast: .venv/.installed (what the server needs) and .venv/.installed-dev (what the tests
# need beside it). Each is renewed when the file that pins its packages changes.
#
# Variables: PYTHON (3.11 or newer), PORT (8080), PYTEST_WORKERS (4), FAST_WORKERS (2), PROVE_WORKERS (2), ARGS (passed on).

SHELL := /bin/bash
.DEFAULT_GOAL := help
.DELETE_ON_ERROR:

VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check --quiet
PORT ?= 8080
PYTEST_WORKERS ?= 4
FAST_WORKERS ?= 2
PROVE_WORKERS ?= 2
ARGS ?=

JS := tests/clients/js
# What makes up its own inputs, the original clients and PostgreSQL's own starts are for `make test`.
FAST := src/checkstand/domain tests/domain tests/documents tests/flows tests/providers tests/dialects tests/store \
  $(foreach slow,fuzz openapi hostile_requests unreadable_names routing,--ignore=tests/dialects/test_$(slow).py) \
  --ignore-glob='tests/dialects/*_sdk.py' --ignore-glob='tests/dialects/*_clients.py' --ignore-glob='tests/store/test_embedded*'
ADAPTERS := tests/clients/adapters
CLIENTS := $(patsubst tests/clients/python/%.lock,.clients/%/.installed,$(wildcard tests/clients/python/*.lock))
DAILY_CLIENTS := $(patsubst %,.clients/%/.installed,polar-0.32 polar-0.13 dodo-1.53)
LOCALSTRIPE := .clients/localstripe/.installed

.PHONY: help run test test-fast prove conformance matrix operations lint format bench lock clean tools

help: ## list these targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-11s %s\n", $$1, $$2}' $(firstword $(MAKEFILE_LIST))

run: $(VENV)/.installed ## install what is missing, then start a development server on port 8080
	@exec $(BIN)/checkstand dev --port $(PORT) $(ARGS)

test: tools ## install what the tests need, then run them (not the long ones); tells the time and the slowest 25
	@began=$$SECONDS; $(BIN)/python -m pytest -n $(PYTEST_WORKERS) --dist loadgroup -m "not prove" --durations=25 $(ARGS); code=$$?; \
	echo "make test: $$(( (SECONDS - began) / 60 )) min $$(( (SECONDS - began) % 60 )) s on $$(getconf _NPROCESSORS_ONLN) processors"; exit $$code

test-fast: $(VENV)/.installed-dev ## for daily work, within 90 seconds: rules, flows, store and wire; no browser, no other process
	$(BIN)/python -m pytest -n $(FAST_WORKERS) --dist loadgroup -m "not prove" $(FAST) $(ARGS)

prove: tools ## run the long reliability suites: crash, race, fuzz, leaks
	HYPOTHESIS_PROFILE=prove $(BIN)/python -m pytest -n $(PROVE_WORKERS) --dist loadgroup -m prove -rP $(ARGS)

conformance: $(VENV)/.installed-dev ## replay recorded answers of the original API; shares and first differences
	@$(BIN)/python -m tests.conformance $(ARGS)

matrix: $(VENV)/.installed-dev $(CLIENTS) $(JS)/node_modules/.installed $(ADAPTERS)/node_modules/.installed ## every official client, old and new, with every operation; writes docs/conformance.md
	@$(BIN)/python -m tests.clients $(ARGS)

operations: $(VENV)/.installed-dev ## operations of both contracts: served and reached by a test, reached by none, not served yet
	@$(BIN)/python -m tests.operations $(ARGS)

lint: $(VENV)/.installed-dev ## check style, types and import rules
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

format: $(VENV)/.installed-dev ## rewrite the code to the house style
	$(BIN)/ruff check --fix-only .
	$(BIN)/ruff format .

bench: $(VENV)/.installed-dev ## measure requests per second and latency on this machine
	$(BIN)/python -m bench $(ARGS)

lock: ## resolve pyproject.toml anew and write the pinned versions
	@scripts/lock.sh

clean: ## remove everything that was installed or cached here (never your data)
	rm -rf $(VENV) .clients $(JS)/node_modules $(ADAPTERS)/node_modules build dist
	rm -rf .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
	find src tests bench -name __pycache__ -type d -prune -exec rm -rf {} +

# ---------------------------------------------------------------- what is installed

$(VENV)/.installed: pyproject.toml requirements.lock
	@scripts/make-venv.sh $(VENV) "$(PYTHON)"
	@echo "Installing Checkstand into $(VENV) ..."
	@$(PIP) install -r requirements.lock
	@$(PIP) install --no-deps -e .
	@touch $@

$(VENV)/.installed-dev: $(VENV)/.installed requirements-dev.lock
	@echo "Installing the tests' packages into $(VENV) ..."
	@$(PIP) install -r requirements-dev.lock
	@touch $@

# Older clients share their distribution's name with the current one, so each has a folder of its own; so has what
# only a process beside the tests needs.
.clients/%/.installed: tests/clients/python/%.lock $(VENV)/.installed
	@rm -rf $(@D)
	@$(PIP) install --no-deps --target $(@D) -r $<
	@touch $@

$(JS)/node_modules/.installed $(ADAPTERS)/node_modules/.installed: %/node_modules/.installed: %/package.json %/package-lock.json
	@scripts/test-tools.sh node
	@cd $* && npm ci --ignore-scripts --no-audit --no-fund --loglevel=error
	@touch $@

tools: $(VENV)/.installed-dev $(DAILY_CLIENTS) $(LOCALSTRIPE) $(JS)/node_modules/.installed
	@scripts/test-tools.sh node chromium pgbouncer
