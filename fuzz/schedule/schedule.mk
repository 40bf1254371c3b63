# schedule.mk: the explorer; included by the Makefile, whose variables it uses.
#
#   make explore TIME=600 BACKEND=reference   all scenarios under controlled schedules
#   make explore SAN=schedule                 the same, and accesses to memory are watched
#   make outcomes TIME=540                    what each exhausted scenario ends with, into the ledger; with
#                                             BACKEND=cpython its outcomes beside that, into fuzz/OUTCOMES.md
#   make schedule-check                       tests of the explorer
#   make watched-check SAN=schedule           small scenarios on the reference, and races that are to be told

SCHEDULE_LIBRARY := $(filter-out %/points_hooks.c,$(wildcard fuzz/schedule/library/*.c))
SCHEDULE_OBJECTS := $(B)/poolproof-schedule.so $(B)/poolproof-points.so

$(B)/fuzz/schedule/%.o: fuzz/schedule/%.c
	$(Q)mkdir -p $(@D)
	$(Q)$(CC) -std=gnu11 -D_GNU_SOURCE= $(COMMON) -fvisibility=hidden -Iconformance/harness $(PKG_CFLAGS) $(CFLAGS) -MMD -MP -c -o $@ $<

# Never with a sanitizer of its own: it stands in front of libc.
$(B)/fuzz/schedule/library/%.o: fuzz/schedule/library/%.c
	$(Q)mkdir -p $(@D)
	$(Q)$(CC) -std=gnu11 -pthread -fPIC $(WARN) -fvisibility=hidden -O2 -g -MMD -MP -c -o $@ $<

$(B)/poolproof-schedule.so: $(call objs,$(SCHEDULE_LIBRARY))
	$(Q)$(CC) -shared -pthread -Wl,-z,defs -Wl,-soname,poolproof-schedule.so -o $@ $^ -ldl

# What watched code is linked with, in the place of ThreadSanitizer's runtime.
$(B)/poolproof-points.so: $(B)/fuzz/schedule/library/points_hooks.o $(B)/poolproof-schedule.so
	$(Q)$(CC) -shared -Wl,-z,defs -Wl,-soname,poolproof-points.so -Wl,-rpath,'$$ORIGIN' -o $@ $^

# Its system calls are those of Linux on x86-64.
ifeq ($(shell uname -sm),Linux x86_64)
all: $(SCHEDULE_OBJECTS)
install: install-schedule
install-schedule: $(SCHEDULE_OBJECTS)
	install -d $(DEST)/lib
	install -m 755 $^ $(DEST)/lib/
endif

explore: all
	$(B)/poolproof explore --time $(or $(TIME),540) --directory $(B) $(ARGS) $(or $(BACKEND),reference)

outcomes: all
	ci/outcomes $(B) $(or $(BACKEND),reference) $(or $(TIME),540)

# SAN=schedule: backends and the reference are compiled for ThreadSanitizer, and linked with our
# library in the place of its runtime.  The tool and the library are as ever.
ifeq ($(SAN),schedule)
WATCHED := $(BACKENDS:%=$(B)/backends/%.so) $(UNUSUAL)
$(B)/reference/%.o $(B)/conformance/backends/%.o: override CFLAGS += -O1 -g -fsanitize=thread
$(WATCHED): $(SCHEDULE_OBJECTS)
$(WATCHED) $(B)/libcfutures.so: override LDFLAGS += -Wl,--no-as-needed $(SCHEDULE_OBJECTS) -Wl,-rpath,'$$ORIGIN/..:$$ORIGIN/../..'
$(B)/libcfutures.so: $(SCHEDULE_OBJECTS)
endif

.PHONY: explore outcomes install-schedule

# ---- tests: programs under exploration, and what looks at them ----------------------------

SCHEDULE_TESTS    := $(wildcard fuzz/schedule/tests/test_*.c)
SCHEDULE_PROGRAMS := micro random_program buggy codes traps
SCHEDULE_PARTS    := $(addprefix fuzz/schedule/,explore.c tree.c sample.c surw.c target.c columns.c schedule_file.c tests/trees.c)
SCHEDULE_BIN      := $(B)/fuzz/schedule/tests

$(SCHEDULE_PROGRAMS:%=$(SCHEDULE_BIN)/%): $(SCHEDULE_BIN)/%: $(SCHEDULE_BIN)/%.o
	$(Q)$(CC) -pthread -o $@ $^
# A program whose accesses are watched.
$(SCHEDULE_BIN)/unordered: fuzz/schedule/tests/unordered.c fuzz/schedule/tests/parts.h $(SCHEDULE_OBJECTS)
	$(Q)mkdir -p $(@D)
	$(Q)$(CC) -std=gnu11 $(WARN) -O1 -g -pthread -fsanitize=thread -c -o $@.o $<
	$(Q)$(CC) -pthread -o $@ $@.o $(SCHEDULE_OBJECTS) -Wl,-rpath,$(abspath $(B))
# The same for ThreadSanitizer's own runtime: gcc's, which is a library; clang's is not.
$(SCHEDULE_BIN)/unordered-tsan: fuzz/schedule/tests/unordered.c fuzz/schedule/tests/parts.h
	$(Q)mkdir -p $(@D)
	$(Q)gcc -std=gnu11 -O1 -g -pthread -fsanitize=thread -o $@ $<
$(SCHEDULE_TESTS:%.c=$(B)/%): %: %.o $(call objs,$(SCHEDULE_PARTS))
	$(Q)$(CC) -pthread $(SANFLAGS) $(LDFLAGS) -o $@ $^ $(shell pkg-config --libs check)
	$(Q)ln -sf $(abspath $(B))/poolproof-schedule.so $(@D)/

schedule-check: all $(SCHEDULE_TESTS:%.c=$(B)/%) $(SCHEDULE_PROGRAMS:%=$(SCHEDULE_BIN)/%) $(SCHEDULE_BIN)/unordered $(SCHEDULE_BIN)/unordered-tsan
	@status=0; for t in $(SCHEDULE_TESTS:%.c=$(B)/%); do $$t $(SCHEDULE_BIN) || status=1; done; \
	ci/outcomes $(B) check || status=1; exit $$status

# The tool of the plain build: it would be no other.
watched-check: $(B)/backends/reference.so $(SCHEDULE_BIN)/unordered
	$(if $(filter schedule,$(SAN)),,$(error make watched-check SAN=schedule))
	@$(MAKE) --no-print-directory SAN= all
	@ci/watched build $(B)

.PHONY: schedule-check watched-check
