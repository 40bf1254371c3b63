# fuzz.mk: the program fuzzers; included by the Makefile, whose variables it uses.
#
#   make fuzz TIME=60 BACKEND=reference   random programs, judged by the model
#   make fuzz-check                       tests of the fuzzer; the corpus on the reference
#   make fuzz-targets CC=clang            targets for libFuzzer and AFL++, see fuzz/build.sh
#   make results TIME=60                  fuzz/RESULTS.md anew, from runs of so many seconds each

# Other targets have another time if none is given.
FUZZ_TIME := $(or $(TIME),60)
FUZZ_PARTS   := $(filter-out fuzz/standalone.c fuzz/wrap.c fuzz/target_%,$(wildcard fuzz/*.c fuzz/schedule/*.c))
FUZZ_TESTS   := $(wildcard fuzz/tests/test_*.c)
FUZZ_TARGETS := $(patsubst fuzz/%.c,$(B)/fuzz/%,$(wildcard fuzz/target_*.c))
FUZZ_HARNESS := $(filter-out conformance/harness/main.c,$(HARNESS))

# The tool's own names must not stand in for those of a backend.
FUZZ_HIDDEN = -fvisibility=hidden
# What a thread has of its own is there from its start: it is looked at where nothing can be had.
$(B)/fuzz/tests/wrong.o: FUZZ_HIDDEN = -ftls-model=initial-exec

$(B)/fuzz/%.o: fuzz/%.c
	$(Q)mkdir -p $(@D)
	$(Q)$(CC) -std=gnu11 -D_GNU_SOURCE= $(COMMON) $(FUZZ_HIDDEN) -Iconformance/harness -Ifuzz $(PKG_CFLAGS) $(CFLAGS) -MMD -MP -c -o $@ $<

# A backend that is wrong in many ways, one for each -o way=.
$(B)/fuzz/wrong.so: $(B)/fuzz/tests/wrong.o $(B)/libcfutures.a conformance/backends/adapter.map
	$(Q)$(CC) -shared -pthread $(SANFLAGS) $(LDFLAGS) -Wl,--version-script=conformance/backends/adapter.map -o $@ $(filter %.o %.a,$^)

$(B)/fuzz/tests/test_%: $(B)/fuzz/tests/test_%.o $(call objs,$(FUZZ_PARTS) $(FUZZ_HARNESS)) $(B)/ledger.o
	$(Q)$(CC) -pthread $(SANFLAGS) $(LDFLAGS) -o $@ $^ $(PKG_LIBS) -ldl -lm

# What the one target that runs programs has wrap.c stand in front of: each __wrap_NAME of it.
FUZZ_WRAP := $(shell grep -o '__wrap_[a-z_]*' fuzz/wrap.c | sort -u | cut -c8-)
$(B)/fuzz/target_sequential: $(call objs,fuzz/wrap.c conformance/inject/when.c)
$(B)/fuzz/target_sequential: FUZZ_FLAGS = $(FUZZ_WRAP:%=-Wl,--wrap=%)

# Without LIB_FUZZING_ENGINE a target replays the files that it is given.
$(B)/fuzz/target_%: $(B)/fuzz/target_%.o $(if $(LIB_FUZZING_ENGINE),,$(B)/fuzz/standalone.o) \
                    $(call objs,$(FUZZ_PARTS) $(FUZZ_HARNESS) conformance/backends/reference.c) $(B)/ledger.o $(B)/libcfutures.a
	$(Q)$(CC) -pthread $(SANFLAGS) $(LDFLAGS) $(FUZZ_FLAGS) -o $@ $^ $(LIB_FUZZING_ENGINE) $(PKG_LIBS) -ldl -lm

fuzz-targets: $(FUZZ_TARGETS)

fuzz: all
	$(UNDER) $(B)/poolproof fuzz $(or $(BACKEND),reference) --time $(FUZZ_TIME) --directory $(B) $(ARGS)

fuzz-check: all $(B)/fuzz/wrong.so $(FUZZ_TARGETS) \
            $(FUZZ_TESTS:fuzz/tests/%.c=$(B)/fuzz/tests/%)
	@fuzz/check $(B)

results: all
	fuzz/results $(FUZZ_TIME)

.PHONY: fuzz fuzz-check fuzz-targets results
