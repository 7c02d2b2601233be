# The commands of the repository. The GitHub workflows and .ci/run call the same ones.

GO      ?= go
OUT     := out
BIN     := $(OUT)/bin
TOOL    := $(GO) tool -modfile=.github/tools.mod
REPORTS := testdata/scanner-reports
RECORD  := experiments/dsse_rekor
DOC     := docs/attestation/dsse-rekor-batch-sizing.md

# A short plan for a person who waits, and what `make sweep` measures.
RUN_SIZES   := 1,5,10,25,50
SWEEP_SIZES := 1,5,10,25,50,100,250,500
BENCH_COUNT ?= 6

# Runs a command with the log's URL in $$REKOR_URL. A development key that it makes
# stays in $(OUT).
WITH_REKOR := STELLA_REKOR=$(BIN)/stella-rekor XDG_CONFIG_HOME=$(CURDIR)/$(OUT) scripts/with-rekor

.DEFAULT_GOAL := help

.PHONY: help
help: ## lists the commands
	@awk -F ':.*## ' '/^[a-z-]+:.*## /{printf "  make %-12s %s\n", $$1, $$2}' Makefile

.PHONY: run
run: binaries ## the main job end to end: scan SBOMs, sign the reports, sweep batch sizes on a real Rekor, decide; RESUME=1 goes on
	@[ -n "$(RESUME)" ] || { rm -rf $(OUT)/run; STELLA_SCAN=$(BIN)/stella-scan scripts/scan-samples $(OUT)/run/reports; }
	@$(WITH_REKOR) -- sh -c 'trap : INT; $(BIN)/stella-attest-bench \
		--reports-dir $(OUT)/run/reports --rekor-url "$$REKOR_URL" --batch-sizes $(RUN_SIZES) --out $(OUT)/run \
		-blocks 10 -confirm=false -seed 1 -environment "make run" $(if $(RESUME),-resume); \
		code=$$?; [ $$code -ne 3 ] || code=0; \
		[ $$code -ne 1 ] || [ ! -e $(OUT)/run/results.csv ] || echo "That log ended with this command. To go on with a new one: make run RESUME=1"; \
		[ $$code -ne 0 ] || echo "Rows, decision and plots are in $(OUT)/run. Ten batches of a size prove little: make sweep measures until it can decide."; \
		exit $$code'

.PHONY: binaries
binaries:
	@mkdir -p $(BIN)
	$(GO) build -o $(BIN)/ ./attest/cmd/... ./scanner/cmd/...

.PHONY: test
test: ## every test, as CI runs them
	$(GO) test ./...

.PHONY: race
race: ## every test under the race detector
	$(GO) test -race -timeout 20m ./...

.PHONY: regression
regression: ## the golden corpus of the scanner, or one case: CASE=SCN-0001
	$(GO) test -count=1 $(if $(CASE),-v -run TestCases) ./regression $(if $(CASE),-args -case $(CASE))

.PHONY: parity
parity: ## the stores of the token service beside one another, on real servers, with what was done at the end
	@mkdir -p $(OUT)/parity
	@$(GO) vet ./authority/...
	@{ STELLA_PARITY=full $(GO) test -count=1 -p 1 -timeout 40m -v ./authority/... 2>&1; echo $$? >$(OUT)/parity/code; } | \
		tee $(OUT)/parity.log | grep --line-buffered -vE '^(=== |[[:space:]]+--- PASS)'; exit $$(cat $(OUT)/parity/code)

.PHONY: repro
repro: ## one golden case in a container without network: CASE=SCN-0001
	@GO="$(GO)" scripts/repro $(CASE)

.PHONY: scoreboard
scoreboard: ## the corpus on this scanner and on others: ADAPTER="NAME VERSION=COMMAND", BY="who"
	$(GO) run ./regression/cmd/scoreboard $(if $(ADAPTER),-adapter "$(ADAPTER)") $(if $(BY),-by "$(BY)")

.PHONY: mutants
MUTANTS ?= 400
mutants: ## changes the scanner on purpose, reports which cases and tests notice: MUTANTS=400, 0 for all; SEED=1
	$(GO) run ./regression/cmd/mutants run -n $(MUTANTS) -seed $(or $(SEED),1)
	$(GO) run ./regression/cmd/mutants report

.PHONY: sabotage
sabotage: ## breaks the rule of each case and demands that exactly the cases on record fail
	$(GO) run ./regression/cmd/mutants guards

.PHONY: sweep
sweep: binaries ## Go benchmarks into a benchstat table, then a full sweep with its decision (20 minutes)
	@mkdir -p $(OUT)
	$(GO) test -run '^$$' -bench Submit -benchtime 1x -count $(BENCH_COUNT) -timeout 30m ./attest/... | tee $(OUT)/submit.bench.txt
	$(TOOL) benchstat -col /K $(OUT)/submit.bench.txt | tee $(OUT)/submit.benchstat.txt
	@grep -q 'entries/s' $(OUT)/submit.benchstat.txt || { echo "benchstat made an empty table of $(OUT)/submit.bench.txt" >&2; exit 1; }
	@rm -rf $(OUT)/sweep
	@$(WITH_REKOR) -- sh -c '$(BIN)/stella-attest-bench \
		--reports-dir $(REPORTS) --rekor-url "$$REKOR_URL" --batch-sizes $(SWEEP_SIZES) --out $(OUT)/sweep \
		-environment "make sweep"; \
		code=$$?; [ $$code -ne 3 ] || code=0; exit $$code'

.PHONY: doc
doc: binaries ## writes the recorded sweeps into the document about batch sizes
	$(BIN)/stella-attest-bench -update-doc $(DOC) $(sort $(wildcard $(RECORD)/*/))

.PHONY: golden
golden: ## rewrites golden files, the sample SBOMs and their reports, then shows what changed
	$(GO) run ./testdata/sboms/generate -o testdata
	$(GO) test ./attest/sweep -run Golden -update
	$(GO) test ./scanner/report/cyclonedx ./scanner/report/openvex ./scanner/report/sarif ./scanner/report/table -run Golden -update
	$(GO) test ./regression -update
	git --no-pager diff --stat -- testdata '*/testdata/*' regression

.PHONY: fuzz
FUZZTIME ?= 50000x
FUZZIN   ?= .
fuzz: ## every fuzz test below FUZZIN=., FUZZTIME=50000x executions each (or a time, such as 10m)
	@for pkg in $$(grep -rl --include='*_test.go' '^func Fuzz' $(FUZZIN) | xargs -n1 dirname | sort -u); do \
		for name in $$(grep -h '^func Fuzz' $$pkg/*_test.go | sed 's/^func \(Fuzz[A-Za-z0-9_]*\).*/\1/'); do \
			echo "$$pkg $$name"; $(GO) test -run '^$$' -fuzz "^$$name\$$" -fuzztime $(FUZZTIME) ./$${pkg#./} || exit 1; \
		done; \
	done

# Stores and drivers in turn, ten times, so that a slow minute of the machine is a slow
# minute of both.
BENCH_STORES = $(GO) test -run '^$$' -bench 'Store/(get|save|revoke|list)' -benchtime 200x ./authority/pgstore ./authority/mongostore && \
	$(GO) test -run '^$$' -bench Store/bulk -benchtime 3x ./authority/pgstore ./authority/mongostore

.PHONY: bench
bench: ## speed of scanning, signing, submitting and storing beside their floors
	@mkdir -p $(OUT)
	$(GO) test -run '^$$' -bench 'Scan|Run$$' -benchtime 21x -timeout 30m ./scanner/cmd/stella-scan | tee $(OUT)/scan.bench.txt
	$(GO) test -run '^$$' -bench 'Index|Zip' -benchtime 3x -timeout 30m ./scanner/advisory | tee $(OUT)/index.bench.txt
	$(GO) test -run '^$$' -bench 'Seal|BatchCPU|Parallel' -benchtime 200ms -count 10 ./attest ./attest/rekor | tee $(OUT)/bench.txt
	$(TOOL) benchstat -col /op $(OUT)/bench.txt
	@rm -f $(OUT)/stores.bench.txt
	@for i in 1 2 3 4 5 6 7 8 9 10; do $(BENCH_STORES) || exit 1; done >$(OUT)/stores.bench.txt
	$(TOOL) benchstat -col /op $(OUT)/stores.bench.txt

.PHONY: check
check: ## formatting, vet, staticcheck, dead code and the repository's rules
	@unformatted=$$($(TOOL) gofumpt -l .); [ -z "$$unformatted" ] || { echo "not gofumpt'ed:"; echo "$$unformatted"; exit 1; }
	$(GO) vet ./...
	$(TOOL) staticcheck ./...
	@dead=$$($(TOOL) deadcode -test ./... ./testdata/sboms/...); [ -z "$$dead" ] || { echo "dead code:"; echo "$$dead"; exit 1; }
	$(GO) mod tidy -diff
	$(GO) test -count=1 .
