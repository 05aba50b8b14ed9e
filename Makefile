# `make demo` and `make test` set everything up in .venv by themselves.
PYTHON ?= python3
BIN := .venv/bin
STAMP := .venv/.installed
CLIENTS := .clients/.installed
IDP := .idp/.installed

.PHONY: help demo dev test test-clients test-idp check lint types imports fuzz bench quality clean
help: ## this list
	@awk -F':.*## ' '/^[a-z-]+:.*## /{printf "  make %-10s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

$(STAMP): setup.cfg pyproject.toml constraints.txt
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "maskproxy needs Python 3.11 or newer; try: make PYTHON=python3.12")'
	$(PYTHON) -m venv .venv
	$(BIN)/python -m pip install -q --disable-pip-version-check -c constraints.txt -e '.[test]'
	@touch $@

demo: $(STAMP) ## the whole story in one minute: secrets sent, masked, recorded, replayed
	@$(BIN)/maskproxy dev demo

dev: $(STAMP) ## the embedded setting, left running
	@$(BIN)/maskproxy dev

test: check ## lint, types, import rules and every fast test
	$(BIN)/python -m pytest -n 2

$(CLIENTS): $(STAMP) tests/clients/package.json tests/clients/package-lock.json
	@node --version >/dev/null && npm --version >/dev/null
	@mkdir -p .clients
	cp tests/clients/package.json tests/clients/package-lock.json .clients/
	npm --prefix .clients ci --no-audit --no-fund --loglevel=error
	$(BIN)/python -m pip install -q --disable-pip-version-check -c constraints.txt -e '.[test,clients]'
	@touch $@

# Runs tests where there is nothing but loopback, if the system lets it.
define apart
@alone='ip link set lo up && exec "$$0" "$$@"'; \
if unshare -rn sh -c "$$alone" true 2>/dev/null; then set -- unshare -rn sh -c "$$alone"; \
else set --; echo "This system gives no network namespace; what runs is not kept from the network."; fi; \
"$$@" $(BIN)/python -m pytest -n 2 $(1)
endef

test-clients: $(CLIENTS) ## the real Claude Code and both SDKs through the gateway; a large download, needs Node 20 and npm
	$(call apart,tests/clients)

$(IDP): $(STAMP) tests/idp/install.sh tests/idp/package.json tests/idp/package-lock.json
	tests/idp/install.sh
	@touch $@

test-idp: $(IDP) ## people sign in at a certified OpenID Connect provider and at SimpleSAMLphp; needs Node 20, npm and PHP
	$(call apart,tests/idp)

check: lint types imports ## lint, types and import rules alone

lint: $(STAMP)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

types: $(STAMP)
	$(BIN)/mypy

imports: $(STAMP)
	$(BIN)/lint-imports

fuzz: $(STAMP) ## slow: random rules, texts, bodies, streams and cuts; FUZZ="--seconds 60" and more
	$(BIN)/python -m tests.fuzz $(FUZZ)

bench: $(STAMP) ## slow: tables of speed, as ratios within one run
	@$(BIN)/python -m pip install -q --disable-pip-version-check google-re2 || echo "RE2 is not to be had here; its rows are left out."
	$(BIN)/python -m benchmarks.masker
	$(BIN)/python -m benchmarks.bodies
	$(BIN)/python -m benchmarks.worst
	$(BIN)/python -m benchmarks.protected
	$(BIN)/python -m benchmarks.whole_path

quality: $(STAMP) ## slow: what the rules find and leave alone, beside other scanners; QUALITY="--seed 2" and more
	@$(BIN)/python -m benchmarks.quality.fetch
	@$(BIN)/python -m benchmarks.quality $(QUALITY)

clean: ## forget the environment and every cache
	rm -rf .venv .clients .idp .quality .mypy_cache .ruff_cache .pytest_cache .import_linter_cache .hypothesis *.egg-info build dist
