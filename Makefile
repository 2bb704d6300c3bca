# Two commands matter: `make demo` and `make test`. Each sets up all that it needs, below this folder.
# The only things presumed are Python 3.11 or later with pip, and make.

PYTHON ?= python3
UV_VERSION := 0.13.9
export UV_PYTHON_DOWNLOADS := never
export UV_LINK_MODE := copy
# Every test that starts a process would otherwise compile a few hundred modules anew.
export UV_COMPILE_BYTECODE := 1
export PYTHONDONTWRITEBYTECODE :=

# --target needs neither ensurepip nor a writable system: a bare Debian has no `venv` module.
UV := PYTHONPATH=.make/uv $(PYTHON) -m uv
RUN := .venv/bin/

.PHONY: demo test lint types contracts tests chaos crash machine bench format clean

demo: .venv/.run
	@$(RUN)bellwire demo

test: lint types contracts tests

lint: .venv/.dev
	$(RUN)ruff check .
	$(RUN)ruff format --check .

types: .venv/.dev
	$(RUN)mypy

contracts: .venv/.dev
	$(RUN)lint-imports

tests: .venv/.dev
	$(RUN)python -m pytest -n $(or $(JOBS),2) --dist worksteal

chaos: .venv/.dev
	BELLWIRE_CHAOS_ROUNDS=$(or $(ROUNDS),80) $(if $(SEED),BELLWIRE_CHAOS_SEED=$(SEED)) $(RUN)python -m pytest -s tests/crash/test_many_machines.py

crash: .venv/.dev
	BELLWIRE_CRASHES=$(or $(CRASHES),200) $(RUN)python -m pytest -s tests/crash/test_killed_again_and_again.py

machine: .venv/.dev
	BELLWIRE_STORIES=$(or $(STORIES),1000) $(RUN)python -m pytest -s tests/machine $(if $(SEED),--hypothesis-seed=$(SEED))

bench: .venv/.dev
	$(RUN)bellwire bench all --json .bench/findings.json --docs docs/benchmarks.md

format: .venv/.dev
	$(RUN)ruff check --fix .
	$(RUN)ruff format .

.make/uv:
	@mkdir -p .make
	@rm -rf .make/uv.part
	$(PYTHON) -m pip install --quiet --disable-pip-version-check --target .make/uv.part uv==$(UV_VERSION)
	@mv .make/uv.part .make/uv

.venv/.run: pyproject.toml uv.lock | .make/uv
	$(UV) sync --quiet --frozen --inexact --no-dev --python $(PYTHON)
	@touch $@

.venv/.dev: pyproject.toml uv.lock | .make/uv
	$(UV) sync --quiet --frozen --python $(PYTHON)
	@touch $@ .venv/.run

clean:
	rm -rf .venv .make .mypy_cache .ruff_cache .pytest_cache .import_linter_cache .hypothesis
