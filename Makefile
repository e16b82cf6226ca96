# Each target does its own set-up; Python >= 3.11, pip and make are all it needs.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
# pip of the outer Python installs into the environment, so that a Python without ensurepip will do too
INSTALL := $(PYTHON) -m pip --python $(BIN)/python install --quiet --disable-pip-version-check

.PHONY: report test docs bench clean

report: $(VENV)/.ready
	$(BIN)/neurohlh run data/example/study.toml --out out/example

test: $(VENV)/.ready-dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/pytest -n auto --dist loadfile

docs: $(VENV)/.ready-dev
	$(BIN)/sphinx-build -W --keep-going -q -b html docs out/docs
	@echo "Documentation: out/docs/index.html"

bench: $(VENV)/.ready-dev
	$(BIN)/python benchmarks/run.py

$(BIN)/python:
	@$(PYTHON) -c "import sys; sys.exit('NeuroHLH needs Python 3.11 or newer; run: make PYTHON=python3.12 ...' if sys.version_info < (3, 11) else 0)"
	$(PYTHON) -m venv $(VENV) || $(PYTHON) -m venv --without-pip $(VENV)

$(VENV)/.ready: requirements.lock pyproject.toml | $(BIN)/python
	$(INSTALL) --require-hashes -r requirements.lock
	$(INSTALL) --no-deps --no-build-isolation -e .
	@touch $@

$(VENV)/.ready-dev: requirements-dev.lock $(VENV)/.ready
	$(INSTALL) --require-hashes -r requirements-dev.lock
	@touch $@

clean:
	rm -rf $(VENV) out
