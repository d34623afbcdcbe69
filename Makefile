# `make help` lists the targets. Each works as the first command on a fresh clone with Python 3.11-3.13, `make book` with newer ones, too.
URL ?=
CH ?=
FORCE ?=
N ?=
NAME ?=
VERSION ?=
JOBS ?= $(shell n=$$(nproc 2>/dev/null || getconf _NPROCESSORS_ONLN); echo $$((n < 8 ? n : 8))) # each takes over 1 GB
export PYTHON

# Any Python that runs will do to start tools/environment.py, which finds the one to build .venv with.
START = $(or $(firstword $(foreach p,$(PYTHON) python3 python3.13 python3.12 python3.11 python, \
	$(shell $(p) -c 'print("$(p)")' 2>/dev/null))), \
	$(error Found no Python that runs. The book needs Python 3.11, 3.12 or 3.13: install one, or say where it is: make PYTHON=/path/to/python3.12 ...))
RUN = .venv/bin/python tools/processors.py

# Files of tests and notebooks are spread over the cores, in the order of conftest.py: the longest first. (Not by
# --dist loadgroup: up to pytest-xdist 3.8.0 it spreads single tests under pytest 9.2, and a notebook its cells.)
PYTEST = pytest -n $(JOBS) --dist loadscope --no-loadscope-reorder
NBVAL = $(PYTEST) --nbval --nbval-cell-timeout=300
COLAB = JUPYTER_PATH='$(CURDIR)/.venv-colab/kernel/share/jupyter' $(RUN) $(NBVAL) --nbval-kernel-name=colab
PINS = $(NBVAL) --nbval-current-env

# CH=07 is one chapter, CH='0*' are nine; without it, all are meant.
SPACE = $(subst ,, )
CHAPTERS = $(or $(sort $(wildcard chapters/$(or $(CH),*)-*.ipynb)),$(error chapters/ has no chapter $(CH)))
NAMES = $(subst $(SPACE), or ,$(basename $(notdir $(CHAPTERS))))

.PHONY: help book pdf check lint test test-suite test-notebooks test-colab test-pins test-emulated test-all browser \
	refresh reseed benchmarks lab repository clean environment-book environment-all environment-colab environment-colabs

help:
	@echo 'make book             build the book from its stored outputs (no torch, no TensorFlow)'
	@echo 'make pdf              print the whole book as one PDF (needs Chromium or Chrome)'
	@echo 'make check            lint, unit tests and gates, in three minutes'
	@echo 'make test             these, the built pages, and every notebook executed once, with the versions of Colab'
	@echo 'make test CH=07       one chapter: its gates, its page, its notebook'
	@echo 'make test-all         all that make test leaves out as well: before a release, and once a week'
	@echo 'make browser          install a Chromium for the browser tests (Debian, as root), or say how to'
	@echo 'make chapter N=15 NAME=recovery    begin a chapter: its text, the checks of its exercises, the tests of these'
	@echo 'make refresh [CH=02]  make notebooks from texts; executes where code changed, or with FORCE=1 in any case'
	@echo 'make reseed [CH=02] [RUNS=10] [FORCE=1]    chapters on other seeds: how often each claim holds'
	@echo 'make release VERSION=0.2.0    set version, date and ref everywhere, and say what remains to be done'
	@echo 'make links            do links to other sites still lead somewhere? (needs lychee)'
	@echo 'make benchmarks       what masks and training cost, as ratios in one run, with the goals reached or missed'
	@echo 'make lab              open JupyterLab'
	@echo 'make repository URL=https://github.com/OWNER/NAME    set the address everywhere'
	@echo 'make clean            remove what is built; .venv stays'
	@echo
	@echo 'Parts of make test: lint, test-suite, test-notebooks [CH=].'
	@echo 'Parts of make test-all besides: test-colab [CH=], every notebook twice in one kernel and all else on Colab;'
	@echo 'test-pins [CH=], every notebook with the versions of the book; test-emulated [CH=], on two older processors.'
	@echo 'JOBS=4 is the number of tests at once, else that of the cores, at most 8.'
	@echo 'PYTHON=/path/to/python3.12 chooses the interpreter for .venv.'

book: environment-book
	@$(RUN) jupyter-book build -W -n --keep-going .
	@echo 'Open $(CURDIR)/_build/html/index.html'

pdf: environment-book
	@$(RUN) python -m tools.pdf

check: lint
	$(RUN) $(PYTEST) -m 'not slow and not all'

ifdef CH
test: environment-colab
	$(RUN) $(PYTEST) -m 'not all' -k '$(NAMES)' tests/book tests/browser tests/colab
	$(COLAB) $(CHAPTERS)
else
test: lint test-suite test-notebooks
endif

lint: environment-all
	$(RUN) ruff check .
	$(RUN) ruff format --check .
	$(RUN) actionlint

test-suite: environment-colab
	$(RUN) $(PYTEST) -m 'not all'

test-notebooks: environment-colab
	$(COLAB) $(CHAPTERS)

test-colab: environment-colabs
	$(RUN) pytest -n $(JOBS) --maxschedchunk 1 tests/colab -k '$(if $(CH),$(NAMES))'

test-emulated: environment-all
	$(RUN) --as avx2 $(PINS) $(CHAPTERS)
	$(RUN) --as sse4 $(PINS) $(CHAPTERS)

test-pins: environment-all
	$(RUN) $(PINS) $(CHAPTERS)

test-all: lint test-notebooks test-pins test-emulated test-colab
	$(RUN) $(PYTEST) --ignore tests/colab

browser:
	@$(START) tools/browser.py

refresh: environment-all
	@$(RUN) python -m tools.refresh $(CH) $(if $(FORCE),--force)

.PHONY: chapter release links
chapter: environment-all
	@$(RUN) python -m tools.new_chapter '$(N)' '$(NAME)'

release: environment-all
	@$(RUN) python -m tools.release '$(VERSION)'

links: book
	@command -v lychee >/dev/null || { echo 'make links needs lychee: https://lychee.cli.rs'; exit 1; }
	lychee --config lychee.toml _build/html

benchmarks: environment-all
	@$(RUN) python -m benchmarks.global_mask
	@$(RUN) python -m benchmarks.training_step
	@$(RUN) python -m benchmarks.compare

reseed: environment-all
	@$(RUN) python -m tools.reseed --runs $(or $(RUNS),10) $(if $(FORCE),--force) $(CH)

lab: environment-all
	@$(RUN) jupyter lab

repository:
	@$(START) -m tools.repository '$(URL)'

clean:
	rm -rf _build .pytest_cache .hypothesis .ruff_cache build dist *.egg-info

environment-colab: environment-all
	@$(RUN) python -m tools.colab

environment-colabs: environment-all
	@$(RUN) python -m tools.colab all

environment-book environment-all: environment-%:
	@$(START) tools/environment.py $*
