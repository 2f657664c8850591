# Two commands on a fresh machine with Python 3.11 or newer, git and make: `make demo` and `make test`.
PYTHON ?= python3
BIN := .venv/bin

.PHONY: demo test goldens check format wheel lock clean

demo: .venv/ready            ## a real night against the sandbox, then what people read
	$(BIN)/sightline demo

test: .venv/ready            ## all tests
	$(BIN)/pytest -n 2

goldens: .venv/ready         ## writes again what reports, releases and help look like; read the diff
	$(BIN)/pytest tests/test_goldens.py --write-goldens

mutants: .venv/ready         ## changes the code at random and tells what no test notices; an hour or two
	nice -n 15 $(BIN)/python tests/tools/mutants.py

check: .venv/ready           ## lint, formatting and types
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

format: .venv/ready
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

wheel: .venv/ready           ## the program by itself, into dist/; `pipx install` it anywhere
	$(BIN)/python -m hatchling build --target wheel

lock:                        ## pins every version again; needs uv
	uv pip compile --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-header \
	  pyproject.toml --group dev --output-file requirements.lock

clean:
	rm -rf .venv demo dist .pytest_cache .mypy_cache .ruff_cache

# The lock is complete, so nothing is resolved here: every file is checked against its hash.
.venv/ready: requirements.lock pyproject.toml
	$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Sightline needs Python 3.11 or newer; run make with PYTHON=python3.11")'
	$(PYTHON) -m venv .venv
	$(BIN)/pip install --quiet --disable-pip-version-check --no-deps --require-hashes -r requirements.lock
	$(BIN)/pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .
	touch $@
