# `make help` lists the targets. Each works as the first command on a fresh clone with Python 3.11-3.13.
URL ?=
CH ?=
export PYTHON

# Any Python that runs will do to start tools/environment.py, which finds the one to build .venv with.
START = $(or $(firstword $(foreach p,$(PYTHON) python3 python3.13 python3.12 python3.11 python, \
	$(shell $(p) -c 'print("$(p)")' 2>/dev/null))), \
	$(error Found no Python that runs. The book needs Python 3.11, 3.12 or 3.13: install one, or say where it is: make PYTHON=/path/to/python3.12 ...))
RUN = .venv/bin/python tools/processors.py
NBVAL = pytest --nbval --nbval-current-env --nbval-cell-timeout=300 -n 2 --dist loadscope chapters

.PHONY: help book pdf browser test test-colab test-emulated refresh reseed benchmarks lab repository clean environment-book environment-all environment-colab

help:
	@echo 'make book             build the book from its stored outputs (no torch, no TensorFlow)'
	@echo 'make pdf              print the whole book as one PDF (needs Chromium or Chrome)'
	@echo 'make test             lint, unit tests, gates, and every notebook executed and compared'
	@echo 'make test-colab       the tests of all that concerns Colab, a part of make test'
	@echo 'make browser          install a Chromium for the browser tests (Debian, as root), or say how to'
	@echo 'make test-emulated    every notebook again, on two emulated older processors'
	@echo 'make refresh [CH=02]  execute chapters (text -> notebook), then collect the ledger of claims'
	@echo 'make reseed [CH=02] [RUNS=10] [FORCE=1]    chapters on other seeds: how often each claim holds'
	@echo 'make benchmarks       what masks and training cost, as ratios in one run, with the goals reached or missed'
	@echo 'make lab              open JupyterLab'
	@echo 'make repository URL=https://github.com/OWNER/NAME    set the address everywhere'
	@echo 'make clean            remove what is built; .venv stays'
	@echo 'PYTHON=/path/to/python3.12 chooses the interpreter for .venv.'

book: environment-book
	@$(RUN) jupyter-book build -W -n --keep-going .
	@echo 'Open $(CURDIR)/_build/html/index.html'

test: environment-colab
	$(RUN) ruff check .
	$(RUN) ruff format --check .
	$(RUN) actionlint
	-@$(START) tools/browser.py
	$(RUN) pytest -n 2 --dist loadscope
	$(RUN) $(NBVAL)

browser:
	@$(START) tools/browser.py

test-colab: environment-colab
	$(RUN) pytest -n 2 --dist loadscope tests/colab

test-emulated: environment-all
	$(RUN) --as avx2 $(NBVAL)
	$(RUN) --as sse4 $(NBVAL)

refresh: environment-all
	@$(RUN) python -m tools.refresh $(CH)

benchmarks: environment-all
	@$(RUN) python -m benchmarks.global_mask
	@$(RUN) python -m benchmarks.training_step

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

environment-book environment-all: environment-%:
	@$(START) tools/environment.py $*
