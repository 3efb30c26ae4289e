# The index of what can be done here. `make help` lists it.
SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help

CARGO ?= cargo
# A snapshot that differs fails; nothing is written.
export INSTA_UPDATE := no
FUZZ_SECS ?= 60
BINARY := target/release/madoguchi

# Says what runs, and if it fails what failed and how to mend it.
# $(call step,name,command,remedy)
define step
@echo "==> $(1)"; $(2) || { status=$$?; echo "make: $(1) failed (exit code $$status). $(3)" >&2; exit $$status; }
endef

.PHONY: help run build test check-fmt clippy unit-test siege fuzz drill lint fmt bench-calls bench-transfers bench-web bench-report bench-observe bench-search eval-search install-synonyms screenshots docs install-build install-search install-test install-voice install-encoder install-fonts

help: ## List what can be done
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):.*## (.*)/  make \1\t\2/' | expand -t 24

run: build ## Build what is missing and start a desk with simulated callers
	@scripts/install-fonts.sh || echo "==> 報告書のフォントなしで続けます。あとで入れるには: make install-fonts"
	@echo "==> 窓口の見本を開始します"
	@exec $(BINARY) demo

build: install-build install-search ## Build the program (release)
	$(call step,build,$(CARGO) build --release --locked -p madoguchi,Read the first error above.)
	$(call step,strip,scripts/strip-release.sh $(BINARY),It needs objcopy of the package binutils.)

test: install-test check-fmt unit-test fuzz lint ## Everything that CI checks

check-fmt: ## Check the formatting
	$(call step,formatting,$(CARGO) fmt --all --check,Run: make fmt)

clippy: ## Check with clippy alone: warnings are errors
	$(call step,clippy,$(CARGO) clippy --workspace --all-targets --locked -- -D warnings,Mend what it names; the rules are in Cargo.toml and clippy.toml.)

# What is compiled for the tests is looked at by clippy on the way: by itself (make clippy) it reads all dependencies
# once more, which is a quarter of the time. Examples (loads and measurements) are looked at and not run; of tests in
# comments there are none.
CHECKED := RUSTC_WORKSPACE_WRAPPER=clippy-driver CLIPPY_ARGS=-Dwarnings__CLIPPY_HACKERY__ $(CARGO)

unit-test: ## Clippy, and all tests: units and properties and real peers
	$(call step,clippy and build of the tests,$(CHECKED) test --workspace --all-targets --test siege --locked --no-run,Mend what it names; the rules of clippy are in Cargo.toml and clippy.toml.)
	$(call step,clippy and build of the siege,$(CHECKED) test --workspace --test siege --locked --no-run,Mend what it names; it is run by: make siege)
	$(call step,tests,$(CHECKED) test --workspace --lib --bins --tests --locked --no-fail-fast,The failing tests are named above; run one with: cargo test -p PACKAGE NAME)

siege: install-test ## Attack every door of a desk while honest calls go on
	$(call step,siege,$(CARGO) test --workspace --test siege --locked --no-fail-fast,Nothing else should run on the machine while it is besieged.)

fuzz: install-test ## Fuzz every parser of foreign bytes for FUZZ_SECS seconds (60)
	$(call step,fuzz,scripts/fuzz.sh $(FUZZ_SECS),The input that fails is named above; run it again with: target/fuzz/build/HOST/fuzz/TARGET FILE)

drill: install-test ## Kill the desk under load and take its database away for minutes
	$(call step,drill: build,$(CARGO) build --release --locked -p madoguchi-tests --bin madoguchi-tested --example drill,Read the first error above.)
	$(call step,drill,target/release/examples/drill,Nothing else should run on the machine while it drills.)

lint: ## Check licences and advisories and sources of the dependencies
	@scripts/lint-dependencies.sh

fmt: ## Format the code
	$(CARGO) fmt --all

bench-calls: install-test build ## Load through the queue: calls a second and time to an agent and memory and what encryption costs
	$(call step,bench-calls,$(CARGO) run --release --locked -p madoguchi-tests --example bench-calls,Nothing else should run on the machine while it measures.)

bench-transfers: install-test build ## 500 callers each handed on, given back and picked up, with SIPp and baresip
	$(call step,bench-transfers,$(CARGO) run --release --locked -p madoguchi-tests --example bench-transfers,Nothing else should run on the machine while it measures.)

bench-web: install-build build ## Latency of pages and API with 100,000 users and 10,000,000 audit records
	$(call step,bench-web,$(CARGO) run --release --locked -p madoguchi-tests --example bench-web,Nothing else should run on the machine while it measures.)

bench-report: install-build build ## Time and memory of a month's report of 100,000 calls and 100,000 tickets
	$(call step,bench-report,$(CARGO) run --release --locked -p madoguchi-tests --example bench-report,Nothing else should run on the machine while it measures.)

bench-observe: install-test build ## Speed and memory of observing SIP beside sngrep and tshark
	$(call step,bench-observe,$(CARGO) run --release --locked -p madoguchi-observe --example bench-observe -- target/release/madoguchi,Nothing else should run on the machine while it measures.)

bench-search: install-build install-synonyms install-encoder ## Latency of searches and suggestions with 10,000 and 1,000,000 articles
	$(call step,bench-search,$(CARGO) run --release --locked -p madoguchi-kb --example bench-search -- kb/sample,Nothing else should run on the machine while it measures.)

eval-search: install-build install-synonyms install-encoder ## What each part of the search adds on the sample queries
	$(call step,eval-search,$(CARGO) run --release --locked -p madoguchi-kb --example parts -- kb/sample/faq.jsonl kb/sample/queries-tuning.jsonl kb/sample/queries-measured.jsonl kb/sample/staff-tuning.jsonl kb/sample/staff-measured.jsonl,Read the first error above.)
	$(call step,eval-search in another field,$(CARGO) run --release --locked -p madoguchi-kb --example parts -- kb/sample/city/faq-measured.jsonl kb/sample/city/queries-measured.jsonl,Read the first error above.)
	$(call step,eval-search over paragraphs,$(CARGO) run --release --locked -p madoguchi-kb --example parts -- kb/sample/long/paragraphs.jsonl kb/sample/long/paragraph-queries-measured.jsonl,Read the first error above.)
	$(call step,eval-search over manuals among articles,$(CARGO) run --release --locked -p madoguchi-kb --example parts -- kb/sample/faq.jsonl+kb/sample/long/manuals.jsonl kb/sample/long/manual-queries-measured.jsonl,Read the first error above.)
	$(call step,eval-search how far its confidence can be trusted,$(CARGO) run --release --locked -p madoguchi-kb --example calibrate -- kb/sample,Read the first error above.)

screenshots: install-test build ## Photograph every screen of the sample desk into docs/images
	@scripts/install-packages.sh chromium-l10n fonts-noto-cjk pngquant
	$(call step,screenshots,LANGUAGE=ja $(CARGO) run --release --locked -p madoguchi-tests --example screenshots -- $(BINARY) docs/images,Read the first error above.)
	@pngquant --force --ext .png --skip-if-larger --strip 64 docs/images/*.png || [ $$? -eq 98 ]

docs: ## Build the documentation of the code
	$(call step,docs,RUSTDOCFLAGS="-D warnings" $(CARGO) doc --workspace --no-deps --locked,Mend the links and comments it names.)

install-build: ## Install what is missing for building
	@scripts/install-build.sh

install-test: install-build ## Install what is missing for testing
	@scripts/install-test.sh

install-search: ## Install what makes the search better; it does without what cannot be had
	@scripts/install-synonyms.sh || echo "==> 一般の同義語なしで続けます。あとで入れるには: make install-synonyms"
	@scripts/install-encoder.sh || echo "==> 文エンコーダーなしで続けます。あとで入れるには: make install-encoder"

install-synonyms: ## Install the general synonyms of the search
	@scripts/install-synonyms.sh

install-voice: ## Install what speaks announcements (Open JTalk and a voice)
	@scripts/install-voice.sh

install-fonts: ## Install the fonts of books (docx, PDF)
	@scripts/install-fonts.sh

install-encoder: ## Install the model with which the search finds what means alike
	@scripts/install-encoder.sh
