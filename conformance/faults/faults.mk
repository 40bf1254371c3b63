# Executors that are wrong on purpose, and what the suite says to them.
#
#   make faults              each is built and must be caught where its header says; writes RESULTS.md
#   make faults FAULT=name   one, or those that a pattern names
#   make faults ALL=1        the whole suite on each: all that turns red, and the clauses that nothing turned red
#   make faults-quick        a sample, in a minute
#   make mutants             single-site changes that a script makes (SAMPLE=N SEED=S: so many of them; MUTANT='pattern')
#   make mutants-quick       some of those that the suite has caught, other ones with each commit

FAULTS := conformance/faults

# What variants.py needs of a build: asked for once for each SAN.
variant-tools: all
	@echo "build=$(B)"
	@echo "compile=$(CC) -std=c11 -D_POSIX_C_SOURCE=200809L -D_GNU_SOURCE -pthread -fPIC $(SANFLAGS) $(CFLAGS) -w"
	@echo "link=$(CC) -shared -pthread $(SANFLAGS) $(LDFLAGS) -Wl,--version-script=conformance/backends/adapter.map"
	@echo "sources=$(REFERENCE)"

faults:
	@$(FAULTS)/faults $(if $(ALL),--all) $(if $(FAULT),'$(FAULT)')
faults-quick:
	@$(FAULTS)/faults --quick
mutants:
	@$(FAULTS)/mutants $(if $(SAMPLE),--sample $(SAMPLE)) $(if $(SEED),--seed $(SEED)) $(if $(MUTANT),'$(MUTANT)') $(ARGS)
mutants-quick:
	@$(FAULTS)/mutants --quick

.PHONY: variant-tools faults faults-quick mutants mutants-quick
