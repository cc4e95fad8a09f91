# Targets for people; `make` lists them. CI runs .ci/run, which uses the same targets.

shell_scripts := .ci/run Benchmarks/run scripts/demo scripts/docs scripts/install scripts/lab scripts/lab-answer scripts/license scripts/pictures scripts/playground scripts/setup scripts/test

python_scripts := Benchmarks/changes.py Benchmarks/inspect Benchmarks/large Benchmarks/loop Benchmarks/programs.py \
	Benchmarks/retry Benchmarks/scrape Benchmarks/starts.py

.DEFAULT_GOAL := help
.PHONY: help demo run test soak torture prove bench goldens docs docs-update lint install uninstall clean setup setup-tests

help: ## this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-12s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

demo: setup ## play the walk-through in throwaway network namespaces (as root)
	@swift build
	@scripts/demo

run: setup ## keep a throwaway node in sync with manifests that you edit (as root)
	@swift build
	@scripts/playground

test: setup-tests ## run every test; without root the kernel tests are skipped, with KUBETABLES_REQUIRE_KERNEL_TESTS=1 they fail
	@swift build --build-tests
	@swift build --product generate-manual
	@scripts/test

soak: setup-tests ## ten minutes of changes, faults and drift for the loop, then a pod killed under load; clients must not be affected (as root)
	@KUBETABLES_SOAK_SECONDS=600 KUBETABLES_REQUIRE_KERNEL_TESTS=1 swift test --filter SoakTests

# The program that reads mutated inputs is built in a folder of its own: its code counts the edges that an input goes over.
TORTURE_SECONDS ?= 600
torture_programs := kubetables test-api-server kernel-tables-probe torture
torture_folder := .build/torture

torture: setup-tests ## ten minutes of kills, foreign writers, mutated inputs and API faults; TORTURE_SECONDS for less (as root)
	@for program in $(torture_programs); do swift build --configuration release --product $$program || exit; done
	@KUBETABLES_COVERAGE=1 swift build --configuration release --scratch-path $(torture_folder) --product torture-inputs
	@.build/release/torture --seconds $(TORTURE_SECONDS) --inputs $(torture_folder)/release/torture-inputs $(TORTURE_ARGUMENTS)

prove: setup ## compare both layouts of the rules for a thousand random clusters, and let it find faults; PROVE_CLUSTERS for fewer
	@swift build --configuration release --product layout-proof
	@.build/release/layout-proof $(PROVE_CLUSTERS)

bench: setup ## measure speed and memory, and compare them with the goals (as root, on a quiet machine)
	@Benchmarks/run

goldens: setup ## write the expected.rules below fixtures/ again, to be reviewed in git
	@KUBETABLES_UPDATE_GOLDENS=1 swift test --filter Golden

docs: setup ## make the pages of the guide and of all modules, below .build/docs
	@swift build
	@scripts/docs

docs-update: setup-tests ## write what the guide's commands print into its pages, to be reviewed in git (as root)
	@swift build --build-tests
	@KUBETABLES_UPDATE_DOCUMENTATION=1 KUBETABLES_REQUIRE_KERNEL_TESTS=1 swift test --skip-build --filter DocumentationTests

lint: ## check the format of the Swift code and license lines; scripts, if shellcheck and python3 are installed
	@swift format lint --strict --recursive Package.swift Sources Tests \
		Benchmarks/Package.swift Benchmarks/Sources Benchmarks/Benchmarks
	@scripts/license
	@if command -v shellcheck >/dev/null; then shellcheck $(shell_scripts); fi
	@if command -v python3 >/dev/null; then python3 -B -c \
		'import ast, sys; [ast.parse(open(path, encoding="utf-8").read(), path) for path in sys.argv[1:]]' $(python_scripts); fi

# Variables of scripts/install, which describes them.
export PREFIX DESTDIR PROGRAM MANUAL_GENERATOR

install: ## build for release, and install program, manual, completions and systemd units below /usr/local (as root)
	@scripts/install

uninstall: ## remove what install installed (as root)
	@scripts/install --remove

clean: ## remove what was built
	@swift package clean

setup: ## install missing Debian packages for building and for the demo (as root)
	@scripts/setup

setup-tests: ## install missing Debian packages, those for tests included (as root)
	@scripts/setup --tests
