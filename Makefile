# make book    everything from records to HTML          make test    lint, tests, smoke book, browser
# make lab     JupyterLab                               make app     classify your own ECG
# make check   did it reproduce?                        make status  what is stale, and why
# make clean   remove what was computed               make lock    pin the packages anew
# make bench   measure what all this costs              make torture kill, starve, fuzz, tamper with it
# make pdf     the book on paper                        make release all of it in one archive
# Options: PROFILE=paper|full|smoke, CORES=n, CLUSTER=slurm (jobs instead of cores), PYTHON=python3.12
.ONESHELL:
SHELL := bash
.SHELLFLAGS := -eu -o pipefail -c
PYTHON ?= python3
PROFILE ?= paper
CORES ?= all
CLUSTER ?=
HTML := runs/$(PROFILE)/_build/html
VENV := .venv
READY := $(VENV)/.ready
export PATH := $(CURDIR)/$(VENV)/bin:$(PATH)
export PYTHONHASHSEED := 0
export PYTHONUNBUFFERED := 1

.PHONY: book test check-fast app lab bench torture pdf release check status publish browser slurm lock clean
book: $(READY)
	@ecgcore book --profile $(PROFILE) --cores $(CORES) $(if $(CLUSTER),--cluster $(CLUSTER))
	# The book that was built last is also at _build/html.
	mkdir -p _build && ln -sfn ../$(HTML) _build/html
	echo "Open _build/html/index.html"

test: $(READY) browser slurm
	ruff check .
	ruff format --check .
	pytest

# For working: lint, and the quick tests of whatever differs from the last commit.
check-fast: $(READY)
	ruff check .
	ruff format --check .
	pytest -q --affected || [ $$? = 5 ]  # 5: nothing to test

app: $(READY)
	streamlit run app/streamlit_app.py

lab: $(READY)
	ecgcore start-page --profile $(PROFILE)
	jupyter lab --LabApp.default_url=/lab/tree/runs/start.ipynb

# Time, memory and the book's weight, to figures/benchmarks.json: half an hour, in which the machine
# should do nothing else, and 5 GB of disk. OPTIONS=--quick only shows that it works;
# OPTIONS="--only growth --growth 12 48 126" measures one part, and less of it.
bench: $(READY) browser
	python -m benchmarks $(OPTIONS)

# What is lost when it is killed, starved, fuzzed, tampered with, to figures/torture.json: half an
# hour on two cores. Interrupted, it goes on where it was. OPTIONS="--only fuzz --share 0.1" does
# one part, and less of it.
torture: $(READY)
	python -m torture $(OPTIONS)

# Did it reproduce? The run of a profile beside what is published, number by number.
check: $(READY)
	ecgcore check --profile $(PROFILE)

# The built book as one PDF, runs/<profile>/book.pdf; needs Chromium.
pdf: $(READY) browser
	ecgcore pdf --profile $(PROFILE)

# Book, PDF, weights, answers, numbers, splits, cards and checksums in one archive, to be deposited.
release: $(READY) browser
	ecgcore release --profile $(PROFILE)

# What is stale or missing, and why.
status: $(READY)
	ecgcore status --profile $(PROFILE)

# The only way to figures/, to the published weights and to README's table.
publish: $(READY)
	ecgcore publish --profile $(PROFILE)

# Debian's Chromium for the browser tests, where this user may install it; else they are skipped.
browser:
	@if ! command -v chromium chromium-browser google-chrome > /dev/null && command -v apt-get > /dev/null && [ "$$(id -u)" = 0 ]; then
		(apt-get update -qq && apt-get install -y -qq --no-install-recommends chromium fonts-dejavu-core) > /dev/null 2>&1 \
			|| echo "Chromium could not be installed: the browser tests will be skipped"
	fi

# Debian's SLURM for the test of the cluster profile, likewise.
slurm:
	@if ! command -v slurmctld > /dev/null && command -v apt-get > /dev/null && [ "$$(id -u)" = 0 ]; then
		(apt-get update -qq && apt-get install -y -qq --no-install-recommends slurm-wlm munge) > /dev/null 2>&1 \
			|| echo "SLURM could not be installed: its test will be skipped"
	fi

# torch first and alone, so that no other package can pull in a different build of it. The lock is
# complete, so nothing else is resolved, and packages are unpacked two at a time. Files are compiled
# when they are first imported, not all of them now. Together: a third of the time. A package whose
# SHA-256 is not the pinned one is refused; torch, which comes from several indexes, has none.
$(READY): requirements.lock requirements.hashes pyproject.toml
	@echo "Installing the pinned packages into $(VENV) (some minutes, once)"
	$(PYTHON) -m venv $(VENV)
	$(VENV)/bin/pip install --quiet --no-compile --disable-pip-version-check $$(grep '^torch==' requirements.lock) 2> >(grep -v "^WARNING: Location" >&2)
	grep -v '^#' requirements.hashes | split -n r/4 - $(VENV)/pinned.
	printf '%s\n' $(VENV)/pinned.* | xargs -P 2 -n 1 $(VENV)/bin/pip install --quiet --no-compile --disable-pip-version-check --no-deps --require-hashes -r 2> >(grep -v "^WARNING: Location" >&2)
	$(VENV)/bin/pip install --quiet --no-compile --disable-pip-version-check --no-deps --no-build-isolation --editable .
	cp ecgcore/workflow/no_home.pth $(VENV)/lib/python*/site-packages/
	touch $(READY)

# Pin anew what pyproject.toml asks for.
lock:
	$(PYTHON) -m venv .lock-venv
	.lock-venv/bin/pip install --quiet $$(grep '^torch==' requirements.lock)
	.lock-venv/bin/pip install --quiet --editable '.[app,book,formats,lab,test]'
	.lock-venv/bin/pip install --quiet --no-deps snakemake-executor-plugin-slurm snakemake-executor-plugin-slurm-jobstep
	{ sed -n '/^#/p' requirements.lock; .lock-venv/bin/pip freeze --all --exclude-editable | sed 's/+cpu//' | grep -v '^pip=='; } > .requirements.new
	mv .requirements.new requirements.lock
	.lock-venv/bin/python -m torture.packages --hashes
	rm -r .lock-venv

clean:
	rm -rf runs _build .snakemake
