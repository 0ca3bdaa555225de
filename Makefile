# `make` alone prints this help.
SHELL := /bin/bash
.DEFAULT_GOAL := help
ARCH := $(if $(filter aarch64 arm64,$(shell uname -m)),arm64,x64)
export PATH := $(CURDIR)/node_modules/node-linux-$(ARCH)/bin:$(CURDIR)/node_modules/.bin:$(PATH)

.PHONY: help
help: ## Print this help
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | awk -F ':.*## ' '{printf "  make %-16s %s\n", $$1, $$2}'

node_modules/.package-lock.json: package.json package-lock.json
	@echo "installing npm packages ..."
	@npm ci --ignore-scripts --no-fund --no-audit --loglevel=error
	@touch $@

.PHONY: lint
lint: node_modules/.package-lock.json ## Type check, lint (with the import rule), formatting
	tsc -p .
	oxlint --quiet operator test examples
	prettier --check --log-level warn .

.PHONY: format
format: node_modules/.package-lock.json ## Format every file
	prettier --write --log-level warn .

.PHONY: test-unit
test-unit: node_modules/.package-lock.json ## Unit and property tests (seconds, no cluster)
	ava 'test/unit/**' 'test/property/**'
