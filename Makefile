# `make` alone prints this help.
SHELL := /bin/bash
.DEFAULT_GOAL := help
ARCH := $(if $(filter aarch64 arm64,$(shell uname -m)),arm64,x64)
export PATH := $(CURDIR)/node_modules/node-linux-$(ARCH)/bin:$(CURDIR)/node_modules/.bin:$(PATH)
INSTALLED := node_modules/.package-lock.json

.PHONY: help
help: ## Print this help
	@echo 'Twinlock: twins before production, a human signature to open it.'
	@echo
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | awk -F ':.*## ' '{printf "  make %-14s %s\n", $$1, $$2}'

$(INSTALLED): package.json package-lock.json
	@command -v npm >/dev/null || { echo 'npm is missing: install Node.js (Debian: apt-get install nodejs npm)' >&2; exit 1; }
	@echo 'installing npm packages (about 40 s the first time) ...'
	@# Not `npm ci`: it refuses a lock without the native parts of platforms that the registry does not offer.
	@npm install --no-save --ignore-scripts --no-fund --no-audit --loglevel=error
	@touch $@

.PHONY: demo
demo: $(INSTALLED) ## The main job on a real cluster: from a pull request's twins to a signed rollout
	@node test/demo/main.ts

.PHONY: demo-down
demo-down: $(INSTALLED) ## Remove the demo's cluster: containers, networks, processes, mounts, files
	@node test/harness/main.ts down

.PHONY: test
test: $(INSTALLED) ## Everything but the benchmark, on a real API server and a real cluster
	@$(MAKE) --no-print-directory lint generate-check
	@node test/runner/main.ts

.PHONY: test-unit
test-unit: $(INSTALLED) ## Unit and property tests (seconds, no cluster)
	@node test/runner/main.ts unit property

.PHONY: test-oldest
test-oldest: $(INSTALLED) ## Everything against API servers without nodes, on the oldest Kubernetes that is supported (40 min)
	@node test/runner/main.ts oldest cluster-oldest

.PHONY: lint
lint: $(INSTALLED) ## Type check, lint with the import rule, formatting
	@tsc -p .
	@oxlint --quiet operator test examples
	@prettier --check --log-level warn .

.PHONY: format
format: $(INSTALLED) ## Format every file
	@prettier --write --log-level warn .

.PHONY: generate
generate: $(INSTALLED) ## Generate CRDs, admission policies and chart parts from code
	@node operator/api/generate.ts
	@node operator/admission/generate.ts
	@node operator/install/generate.ts

.PHONY: generate-check
generate-check: $(INSTALLED) ## Fail when generated files are stale
	@node operator/api/generate.ts --check
	@node operator/admission/generate.ts --check
	@node operator/install/generate.ts --check

.PHONY: image
image: $(INSTALLED) ## Build the operator's image and push it: make image REGISTRY=registry.example/platform
	@node test/images/main.ts $(or $(REGISTRY),--help)

.PHONY: catalog-pin
catalog-pin: $(INSTALLED) ## Copy the catalogue's images to a registry of yours, print them by digest: make catalog-pin REGISTRY=registry.example/twins [FROM=mirror.example] [NAMES='s3 llm']
	@node test/images/catalog-pin.ts $(or $(REGISTRY),--help) $(if $(FROM),--from $(FROM)) $(NAMES)

.PHONY: bench
bench: $(INSTALLED) ## Measure the speed bars as ratios in one run: make bench [NAME=promotion] [QUICK=1]; writes bench.json and bench.md
	@node test/bench/main.ts $(if $(QUICK),--quick) $(NAME)

.PHONY: mutation
mutation: $(INSTALLED) ## Do the tests notice changed code? make mutation [ROOM=votes] [SAMPLE=300] [SEED=1]
	@node test/mutation/main.ts --sample $(or $(SAMPLE),300) --seed $(or $(SEED),1) $(ROOM)

.PHONY: rights
rights: $(INSTALLED) ## Each right of each process taken away makes a test fail: make rights [RIGHT='promotions: get pods'] [SAMPLE=6] [SEED=1], after the cluster, attack and chaos phases
	@node test/rights/main.ts --sample $(or $(SAMPLE),1000) --seed $(or $(SEED),1) $(if $(RIGHT),'$(RIGHT)')

.PHONY: coverage
coverage: $(INSTALLED) ## Lines and branches that unit and property tests reach, by room
	@node test/coverage/main.ts

include test/harness/harness.mk
