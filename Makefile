# A machine needs Python 3.11 or newer and make; everything else goes into .venv, from the locks.

# The first interpreter that is new enough and can make a virtual environment. (A version
# manager's stand-in may be on the path and yet not run, so each is tried, not merely looked up.)
PYTHON ?= $(shell for python in python3.11 python3 python3.12 python3.13 python3.14; do \
	"$$python" -c 'import sys, venv, ensurepip; sys.exit(sys.version_info < (3, 11))' \
	>/dev/null 2>&1 && { echo "$$python"; break; }; done)

VENV := .venv
BIN := $(VENV)/bin
RUN := $(VENV)/.run-installed
DEV := $(VENV)/.dev-installed
BENCH := $(VENV)/.bench-installed
PIP_INSTALL := $(BIN)/python -m pip install -qq --disable-pip-version-check

# More words for the command a target runs: make serve ARGS="--port 8001", make test ARGS="-k tiers"
ARGS ?=
# Test processes; each starts a PostgreSQL of its own.
WORKERS ?= 2

.DEFAULT_GOAL := help
.PHONY: help demo serve test long check format bench lock clean
.DELETE_ON_ERROR:

help: ## Show this list
	@awk -F ':.*## ' '/^[a-z]+:.*## / {printf "  make %-8s %s\n", $$1, $$2}' Makefile

demo: $(RUN) ## Install what is missing and run the demonstration
	@$(BIN)/orchestrator demo $(ARGS)

serve: $(RUN) ## Run the server
	@$(BIN)/orchestrator serve $(ARGS)

bench: $(BENCH) ## Run the measured comparisons, beside the peers that can be installed
	@$(BIN)/orchestrator bench $(ARGS)

# Budgets measure time, so they run after the rest and by themselves; a chosen part goes without.
BUDGETS := $(if $(strip $(ARGS)),,$(wildcard tests/budget/test_*.py))

test: $(DEV) ## Run the tests, except the long ones
	$(BIN)/pytest -n $(WORKERS) --dist worksteal --ignore=tests/budget $(ARGS)
	$(if $(BUDGETS),$(BIN)/pytest tests/budget)

long: $(DEV) ## Run the long tests
	HYPOTHESIS_PROFILE=search $(BIN)/pytest -m long $(ARGS)

# That the migrations are in step with the tables, on both databases, is one of the tests
# (tests/store/test_migrations.py), so it needs no line of its own.
check: $(DEV) ## Everything a commit has to pass: format, lint, types, layers, tests
	$(BIN)/ruff format --check
	$(BIN)/ruff check
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(MAKE) test

format: $(DEV) ## Format the code and mend what can be mended
	$(BIN)/ruff format
	$(BIN)/ruff check --fix

# Hashes are those of the public index: settings of this machine that add other places to look in
# are put aside. PIP_INDEX_URL, for a mirror, still counts. UPGRADE=1 takes the newest versions.
COMPILE = env -u PIP_FIND_LINKS -u PIP_EXTRA_INDEX_URL PIP_CONFIG_FILE=/dev/null \
	CUSTOM_COMPILE_COMMAND="make lock" $(BIN)/pip-compile --quiet --generate-hashes --strip-extras \
	--allow-unsafe --no-emit-index-url --no-emit-trusted-host --no-emit-find-links \
	--build-deps-for wheel $(if $(UPGRADE),--upgrade)

lock: | $(DEV) ## Lock the dependencies of setup.cfg again (UPGRADE=1: newest versions)
	$(COMPILE) --output-file requirements/run.txt setup.cfg
	$(COMPILE) --extra test --extra dev --constraint requirements/run.txt \
		--output-file requirements/dev.txt setup.cfg
	$(COMPILE) --extra bench --constraint requirements/run.txt --constraint requirements/dev.txt \
		--output-file requirements/bench.txt setup.cfg
	$(COMPILE) --extra pdf --constraint requirements/run.txt \
		--output-file requirements/pdf.txt setup.cfg
	@! grep -nE '://| @ |==[^ ]*\+' requirements/*.txt || \
		{ echo "error: a lock names a place or a local version" >&2; exit 1; }

clean: ## Remove the virtual environment and everything the tools left behind
	rm -rf $(VENV) build dist *.egg-info .coverage .coverage.* htmlcov
	rm -rf .hypothesis .import_linter_cache .mypy_cache .pytest_cache .ruff_cache
	find orchestrator migrations tests -name __pycache__ -type d -prune -exec rm -rf {} + 2>/dev/null || true

$(BIN)/python:
	@test -n "$(PYTHON)" || { echo "error: no Python 3.11 or newer with venv and ensurepip found." \
		"Install one (on Debian: python3.11 and python3.11-venv)," \
		"or name it: make PYTHON=/path/to/python3.11 ..." >&2; exit 1; }
	@"$(PYTHON)" -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "error: $(PYTHON) is" \
		"not Python 3.11 or newer; name another: make PYTHON=/path/to/python3.11 ..." >&2; exit 1; }
	@echo "Making $(VENV) with $$($(PYTHON) --version)"
	@"$(PYTHON)" -m venv --clear $(VENV)

# The environment is touched only when a lock or the package's metadata has changed. A lock names
# all there is to install, so nothing is resolved again: older pips look past the lock for `name[extra]`
# and refuse what they find as soon as a newer release of it is out.
$(RUN): requirements/run.txt setup.cfg pyproject.toml | $(BIN)/python
	@echo "Installing from requirements/run.txt"
	@$(PIP_INSTALL) --no-deps --require-hashes -r requirements/run.txt
	@$(PIP_INSTALL) --no-deps --no-build-isolation -e .
	@touch $@

$(DEV): requirements/dev.txt requirements/run.txt setup.cfg pyproject.toml | $(BIN)/python
	@echo "Installing from requirements/dev.txt"
	@$(PIP_INSTALL) --no-deps --require-hashes -r requirements/dev.txt
	@$(PIP_INSTALL) --no-deps --no-build-isolation -e .
	@touch $(RUN) $@

$(BENCH): requirements/bench.txt $(DEV)
	@echo "Installing from requirements/bench.txt"
	@$(PIP_INSTALL) --no-deps --require-hashes -r requirements/bench.txt
	@touch $@
