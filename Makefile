.DEFAULT_GOAL := help
PYTHON ?= python3
PIP_INSTALL ?= pip install
# The tested build; pyproject.toml keeps a range.
TORCH ?= torch==2.13.0
ARGS ?=
RUN := .venv/bin/python

.PHONY: help setup sweep sweep-digits sweep-scratch sweep-rivals plan theory report dashboard watch test test-clusters test-gpu cancel lint audit format bench drill docs tables clean

help:  ## list the targets
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:[^#]*## /\t/' | expand -t 12
	@echo; echo 'ARGS=... passes overrides on, for example: make sweep ARGS="data=signals data.path=my.csv"'

setup: .venv/ready  ## make .venv with memctl and what it needs

# denoising-diffusion-pytorch, for docs/examples, without its dependencies: one is torchvision, whose wheels on PyPI fail at import
# beside a CPU build of torch, and then others fail that look for it. What else it imports is in pyproject.toml's dev extra.
.venv/ready: pyproject.toml
	$(PYTHON) -c 'import sys; sys.exit(None if sys.version_info >= (3, 11) else "memctl needs Python 3.11 or newer, this is " + sys.version.split()[0] + "; name another with make PYTHON=python3.11")'
	$(PYTHON) -m venv .venv
	$(RUN) -m $(PIP_INSTALL) -q '$(TORCH)' -e '.[dev,docs]'
	$(RUN) -m $(PIP_INSTALL) -q --no-deps denoising-diffusion-pytorch==2.3.4
	touch $@

sweep: setup  ## the paper's 45 cells on the bundled heartbeats; again: shows the result
	$(RUN) -m memctl.train -cn multirun_templates/grid $(ARGS)

sweep-digits: setup  ## the same 45 cells on 8 x 8 images of digits
	$(RUN) -m memctl.train -cn multirun_templates/digits $(ARGS)

sweep-scratch: setup  ## the 45 cells from scratch on digits, seven of them with three seeds
	$(RUN) -m memctl.train -cn multirun_templates/scratch_seeds $(ARGS)
	$(RUN) -m memctl.train -cn multirun_templates/scratch $(ARGS)

sweep-rivals: setup  ## other controls of copying, each a template, on the same digits
	for rival in multirun_templates/rivals_*.yaml multirun_templates/why_bands.yaml; do $(RUN) -m memctl.train -cn $${rival%.yaml} $(ARGS) || exit 1; done

plan: setup  ## what `make sweep` would run, what is done, how long the rest takes
	$(RUN) -m memctl.train -cn multirun_templates/grid hydra.sweeper.plan=true $(ARGS)

theory: setup  ## the paper's Eqs. 3-8 against the gradients of the bundled base
	$(RUN) -m memctl.train experiment=theory $(ARGS)

report: setup  ## write and print the report of the bundled sweep
	$(RUN) -m memctl.report runs/mitdb208 $(ARGS)

SWEEP ?= runs/mitdb208
dashboard: setup  ## save the W&B dashboard of SWEEP (needs a key; ARGS=--print shows it)
	$(RUN) -m memctl.dashboard $(SWEEP) $(ARGS)

watch: setup  ## SWEEP in the terminal, while it runs or afterwards: make watch SWEEP=runs/digits
	$(RUN) -m memctl.watch $(SWEEP)

test: setup  ## all fast tests
	$(RUN) -m pytest $(ARGS)

test-clusters: setup  ## on a SLURM and a Ray of one node, where they are installed: minutes
	$(RUN) -m pytest -n0 -m cluster tests/clusters $(ARGS)

test-gpu: setup  ## on a GPU that torch can use, minutes; prints steps and samples a second
	$(RUN) -m pytest -n0 -m gpu tests/gpu $(ARGS)

cancel: setup  ## stop what of a sweep is in a cluster's queue: make cancel SWEEP=runs/mitdb208
	$(RUN) -m memctl.cancel $(SWEEP)

lint: setup  ## what CI checks besides the tests
	$(RUN) -m ruff check .
	$(RUN) -m ruff format --check .
	$(RUN) -m mypy

audit: setup  ## installed packages that are known to be faulty, where the list of them can be reached
	@if $(RUN) -c 'import urllib.request as web; web.urlopen("https://pypi.org/pypi/pip/24.0/json", timeout=5)' 2>/dev/null \
	  && $(RUN) -m $(PIP_INSTALL) -q pip-audit; then $(RUN) -m pip_audit --local --skip-editable --progress-spinner off; \
	else echo 'the list of known faults cannot be reached; tests/test_packages.py holds what is refused in any case'; fi

format: setup  ## mend what ruff can mend
	$(RUN) -m ruff check --fix .
	$(RUN) -m ruff format .

bench: setup  ## memctl beside other code, an hour; ARGS="--quick", ARGS="evaluation"
	$(RUN) -m tests.benchmarks $(ARGS)

drill: setup  ## 200 tiny runs under 60 kills are those of an undisturbed sweep, bit for bit
	$(RUN) -m tests.drill $(ARGS)

docs: setup  ## the pages of docs/ as a site in site/; a broken link fails
	$(RUN) -m zensical build --strict --clean

tables: setup  ## the numbers and pictures of the documentation, from the finished sweeps in runs/
	$(RUN) -m docs.numbers collect runs

clean:  ## remove .venv and caches; results in runs/ stay
	rm -rf .venv site .cache .pytest_cache .mypy_cache .ruff_cache
