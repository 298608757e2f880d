# Two commands do everything on a machine with Python 3.11 or newer: `make rehearse` and `make test`.
# Nothing has to be installed by hand first: tools/setup.sh prepares what a target needs, once, and says what it does.

.DEFAULT_GOAL := help
.NOTPARALLEL:
.PHONY: help rehearse test check unit coverage bench documents profile drift format lock setup clean

SETUP := tools/setup.sh
PYTHON := venv/bin/python
PYTEST := $(PYTHON) -m pytest
# Python keeps what it compiles: without that, each of some hundred processes of the tests compiles everything anew.
unexport PYTHONDONTWRITEBYTECODE
ENV ?= staging
ARGS ?=

help: ## List the targets
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "  make %-10s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

rehearse: ## Show the whole estate on loopback, no account needed (ARGS=--keep ends in a shell)
	@$(SETUP) --pulumi -- $(PYTHON) -m rehearsal $(ARGS)

# The checks run beside the tests. Four workers keep two cores busy, because a test often waits for a process.
test: setup ## Check the code and run every test
	@$(MAKE) --no-print-directory check > .cache/check.log 2>&1 & checks=$$!; \
	$(SETUP) --pulumi -- $(PYTEST) -n 4 --dist loadfile --no-loadscope-reorder; \
	result=$$?; wait $$checks || result=1; cat .cache/check.log; exit $$result

check: ## Lint, format check, types and who may import whom
	@$(SETUP) -- $(PYTHON) -m ruff check .
	@$(PYTHON) -m ruff format --check .
	@$(PYTHON) -m mypy
	@$(PYTHON) venv/bin/lint-imports --cache-dir .cache/import-linter
	@$(PYTHON) -m components.configuration_reference --check

unit: ## Run the fast tests only
	@$(SETUP) -- $(PYTEST) -m "not e2e" $(ARGS)

# Measuring doubles a test's time, so `make test` does not. The engine's rounds would show nothing more.
coverage: ## Run the fast tests and measure what they cover
	@$(SETUP) -- $(PYTEST) -n 2 --dist loadfile -m "not e2e" --cov --cov-report=term-missing:skip-covered $(ARGS)

documents: ## Renew docs/CONFIGURATION.md, docs/ENVIRONMENTS.md and schema/ from the models and the stack files
	@$(SETUP) -- $(PYTHON) -m components.configuration_reference

bench: ## Count requests and waits at Render for 1 to 200 services (ARGS=--write renews docs/)
	@$(SETUP) -- $(PYTHON) -m benchmarks $(ARGS)

profile: ## Measure where the time of a preview and of each operation goes
	@$(SETUP) --pulumi -- $(PYTHON) -m benchmarks.profile

drift: ## Find what was changed by hand at the vendors (ENV=staging, ARGS=--json)
	@$(SETUP) --pulumi -- $(PYTHON) -m gate drift --env $(ENV) $(ARGS)

format: ## Format the code and fix what the linter can fix
	@$(SETUP) -- $(PYTHON) -m ruff check --fix-only .
	@$(PYTHON) -m ruff format .

LOCK := venv/bin/uv pip compile --quiet --universal --no-strip-extras --python-version 3.11 --generate-hashes --no-annotate \
	--custom-compile-command "make lock"

lock: ## Lock what pyproject.toml names, with all that it brings along
	@$(SETUP)
	@$(LOCK) --group dev --output-file requirements-dev.txt
	@$(LOCK) --group program --constraints requirements-dev.txt --output-file requirements.txt
	@$(LOCK) --group gate --constraints requirements-dev.txt --output-file requirements-gate.txt

setup: ## Only prepare what the other targets need: venv/ and a Pulumi CLI
	@$(SETUP) --pulumi

clean: ## Remove venv/, .cache/ and what tools leave behind; the next run sets up anew
	@echo "removing venv/, .cache/, .hypothesis/ and __pycache__ folders"
	@rm -rf venv .cache .hypothesis
	@find . -name .git -prune -o -type d -name __pycache__ -prune -exec rm -rf {} +
