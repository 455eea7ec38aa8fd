# make demo: from nothing to figures with no network but the package index.  make test: the whole test suite.
PYTHON ?= python3
EXTRAS ?= astro
DEMO_PAPER := gw_denoise
DEMO_EXTRAS := torch,gw
TEST_EXTRAS := astro,dev,gw,hep,tensorflow,torch
BIN := .venv/bin

.PHONY: help env demo test mutants lint smoke lock readme clean

help:
	@echo "make demo              install, then run papers/$(DEMO_PAPER) on generated data"
	@echo "make test              install with the test extras, then run every test"
	@echo "make env EXTRAS=astro  install only: astro, torch, tensorflow, hep, gw, dev, cluster (comma-separated)"
	@echo "make smoke PAPER=name  run one paper on tiny generated data, with only its own extras"
	@echo "make mutants PAPER=x   plant the mistakes of papers/x/mutants.yaml: does a test notice each? (all papers without PAPER)"
	@echo "make lint              formatting, style, types, workflow"
	@echo "make readme            write the tables of the READMEs from recorded results"
	@echo "make lock              pin all packages again after an edit of pyproject.toml"
	@echo "make clean             delete results/ (not data/)"

env:
	@$(PYTHON) envs/install.py --extras "$(EXTRAS)"

demo:
	@$(PYTHON) envs/install.py --extras "$(DEMO_EXTRAS)"
	$(BIN)/snakemake papers/$(DEMO_PAPER) --config run=generated seeds=0

test:
	@$(PYTHON) envs/install.py --extras "$(TEST_EXTRAS)"
	$(BIN)/python -m pytest

mutants:
	@$(PYTHON) envs/install.py --extras "$(TEST_EXTRAS)"
	$(BIN)/python -m tests.mutants $(if $(PAPER),--paper $(PAPER))

lint:
	@$(PYTHON) envs/install.py --extras "$(TEST_EXTRAS)"
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/snakefmt --check Snakefile workflow papers
	$(BIN)/snakemake --lint

smoke:
	@$(PYTHON) envs/install.py --extras "$$(sed -n 's/^ *extras: *\[\(.*\)\].*/\1/p' papers/$(PAPER)/published.yaml)"
	$(BIN)/snakemake papers/$(PAPER) --workflow-profile profiles/smoke

readme:
	$(BIN)/python -m common.report.readme

lock:
	@$(PYTHON) envs/install.py --extras "$(TEST_EXTRAS)"
	$(BIN)/python -m pip install --quiet uv
	$(BIN)/python envs/lock.py

clean:
	rm -rf results
