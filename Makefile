# Two commands do everything: `make demo` runs the main job, `make test` passes the tests.
# Both create .venv with pinned versions first.

PYTHON ?= python3
BIN := .venv/bin
OUT ?= out/demo
LANGUAGE ?= en

.PHONY: demo test test-all bench docs lint types imports format clean help

help:
	@echo "make demo      run the Taizhou base case: tables here, pictures in $(OUT)  (LANGUAGE=zh for Chinese)"
	@echo "make test      lint, types, import contracts and the test suite"
	@echo "make test-all  the slow tests too"
	@echo "make docs      the documentation as a site, into out/site"
	@echo "make bench     the benchmark suite into out/bench  (PEERS=1 also installs JAX and PyTorch: gigabytes)"

.venv/ready: pyproject.toml constraints.txt
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
		{ echo "fundsim needs Python 3.11 or later; try: make PYTHON=python3.12 $(MAKECMDGOALS)"; exit 1; }
	@echo "== creating .venv and installing pinned versions (two to four minutes)"
	@$(PYTHON) -m venv .venv
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt -e '.[test]'
	@touch $@

.venv/translated: .venv/ready $(wildcard sim/kernels/*.py sim/compiler/*.py)
	@echo "== translating the kernels (half a minute)"
	@$(BIN)/python -m scenarios.runs.translate
	@touch $@

demo: .venv/translated
	@echo "== fundsim run taizhou --out $(OUT)"
	@$(BIN)/fundsim run taizhou --out $(OUT) --lang $(LANGUAGE)

test: .venv/translated lint types imports
	@echo "== pytest"
	@$(BIN)/python -m pytest -n 2 --dist loadfile -m "not slow"

test-all: .venv/translated lint types imports
	@echo "== pytest, slow tests too"
	@$(BIN)/python -m pytest -n 2 --dist loadfile

.venv/bench: .venv/ready
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt -e '.[bench]'
	@touch $@

.venv/bench-peers: .venv/bench
	@for peer in bench-jax bench-torch; do \
		$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt -e ".[$$peer]" || \
			echo "== $$peer could not be installed; going on without it"; done
	@touch $@

bench: OUT = out/bench
bench: .venv/translated $(if $(PEERS),.venv/bench-peers,.venv/bench)
	@echo "== python -m benchmarks run  (ten minutes)"
	@$(BIN)/python -m benchmarks run --out $(OUT)/benchmarks.json

docs: .venv/ready
	@echo "== mkdocs build  (out/site)"
	@NO_MKDOCS_2_WARNING=1 $(BIN)/python -m mkdocs build --strict -q -f docs/site/mkdocs.yml
	@echo "python3 -m http.server -d out/site  shows it, with search"

lint: .venv/ready
	@echo "== ruff"
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .

types: .venv/ready
	@echo "== mypy"
	@$(BIN)/mypy

imports: .venv/ready
	@echo "== import contracts"
	@$(BIN)/lint-imports

format: .venv/ready
	@$(BIN)/ruff check --fix .
	@$(BIN)/ruff format .

clean:
	rm -rf .venv out build *.egg-info sim/kernels/translated
