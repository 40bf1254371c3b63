# Poolproof: is your executor poolproof?
#
#   make conform                   the suite on the reference, CPython and GLib
#   make check                     every test of this project
#   make run BACKEND=./mypool.so   the suite on one backend (ARGS='--case map_*')
#   make race TIME=60              the scenarios in rounds, then random programs
#   make explore TIME=540          the scenarios under controlled schedules
#   make fuzz TIME=60              random programs on one backend, judged by a model
#   make fuzz-check                the tests of the fuzzer, and its corpus on the reference
#   make faults, make mutants      executors that are wrong on purpose, each to be caught (FAULT=name)
#   make results, make outcomes    fuzz/RESULTS.md and fuzz/OUTCOMES.md anew (TIME=600)
#   make bench                     the reference beside its peers (BENCH=--quick)
#   make guard                     its speed in counts that no load changes
#   make soak TIME=600             the suite over and over under load (RUNS=n OTHERS=n)
#   make shipped                   the suite on executors that Debian ships (EXECUTOR=name)
#   make coverage                  reports in build-coverage/
#   make spec                      the specification as one page, build/spec.html
#   make install DESTDIR= PREFIX=/usr/local
#
#   SAN=thread, SAN=address,undefined   the same in a build of its own
#   SAN=schedule                        make explore with accesses to memory watched
#   TOOL=memcheck|helgrind|drd          under Valgrind (make run, make race)
#   CC=clang, V=1                       another compiler; commands in full
#
# `conform` and `check` install what they need (ci/deps).  All else takes what is
# there: a missing optional package costs its feature, and the build says so.

CC     := $(if $(filter default,$(origin CC)),gcc,$(CC))
comma  := ,
empty  :=
space  := $(empty) $(empty)
SAN    ?=
VARIANT := $(filter-out gcc,$(notdir $(CC)))$(if $(SAN), $(subst $(comma),-,$(SAN)))$(if $(COVERAGE), coverage)
B      := build$(subst $(space),,$(addprefix -,$(VARIANT)))
PREFIX ?= /usr/local
Q      := $(if $(V),,@)

VERSION := $(shell sed -n 's/^\#define CF_VERSION "\(.*\)"/\1/p' reference/include/cfutures.h)

CFLAGS ?= -O2 -g
WARN   := -Wall -Wextra -Wpedantic $(if $(WERROR),-Werror)
# -fno-builtin-fork: otherwise gcov forgets in a child what ran inside fork.
SANFLAGS := $(if $(filter-out schedule,$(SAN)),-fsanitize=$(SAN) -fno-omit-frame-pointer) $(if $(COVERAGE),--coverage -fprofile-update=atomic -fno-builtin-fork)
COMMON := -pthread -fPIC $(WARN) $(SANFLAGS) -Ireference/include -Iconformance/include

# ---- what this machine has ---------------------------------------------------

has = $(shell pkg-config --exists $(1) 2>/dev/null && echo yes)
HAVE_CHECK   := $(call has,check)
HAVE_JANSSON := $(call has,jansson)
HAVE_LIBXML2 := $(call has,libxml-2.0)
HAVE_LIBDW   := $(call has,libdw)
HAVE_GLIB    := $(call has,glib-2.0)
HAVE_VALGRIND := $(call has,valgrind)

ifneq ($(HAVE_CHECK),yes)
ifneq ($(filter-out clean deps conform check help,$(or $(MAKECMDGOALS),all)),)
$(error Check is missing: install the package "check", or type `make conform`, which does)
endif
endif
note = $(if $(2),,$(info note: without the package $(1) there is no $(3)))
ifeq ($(MAKE_RESTARTS)$(filter clean deps conform check coverage help,$(MAKECMDGOALS)),)
$(call note,libjansson-dev,$(HAVE_JANSSON),--json)
$(call note,libxml2-dev,$(HAVE_LIBXML2),--junit)
$(call note,libdw-dev,$(HAVE_LIBDW),stack of a case that hangs)
$(call note,valgrind,$(HAVE_VALGRIND),verdict under Valgrind)
$(call note,libglib2.0-dev,$(HAVE_GLIB),GLib backend)
endif

# Of a pair NAME_HAVE.c and NAME_none.c one is built.
pick = $(if $(1),$(2),$(3))
UNPICKED := $(call pick,$(HAVE_JANSSON),report_json_none results_none,report_json results) \
            $(call pick,$(HAVE_VALGRIND),valgrind_none,valgrind)
PLATFORM := $(if $(filter Linux,$(shell uname -s)),platform_posix,platform_linux)# the one left out

PKGS := check $(if $(HAVE_JANSSON),jansson)
PKG_CFLAGS := $(shell pkg-config --cflags $(PKGS) 2>/dev/null)
PKG_LIBS   := $(shell pkg-config --libs $(PKGS) 2>/dev/null)

# ---- what there is to build ----------------------------------------------------

objs = $(patsubst %.c,$(B)/%.o,$(1))
REFERENCE := $(filter-out reference/$(PLATFORM).c,$(wildcard reference/*.c))
UNIT      := $(wildcard reference/tests/*.c)
HARNESS   := $(filter-out $(UNPICKED:%=conformance/harness/%.c),$(wildcard conformance/harness/*.c))
CASES     := $(wildcard conformance/cases/*.c conformance/scenarios/*.c)
CHAPTERS  := $(sort $(wildcard spec/[0-9]*.md))
HTESTS    := $(wildcard conformance/harness/tests/test_*.c)
ADAPTERS  := $(notdir $(basename $(wildcard conformance/backends/*.c)))
BACKENDS  := $(filter-out $(if $(HAVE_GLIB),,glib),$(ADAPTERS))

UNUSUAL   := $(patsubst conformance/%.c,$(B)/%.so,$(wildcard conformance/backends/unusual/*.c))

# What the tool loads when it is needed, and looks for beside itself.
MODULES := $(if $(HAVE_LIBXML2),junit) $(if $(HAVE_LIBDW),stacks)
TOOL_OBJECTS := $(B)/poolproof-inject.so $(MODULES:%=$(B)/poolproof-%.so)

all: $(B)/poolproof $(TOOL_OBJECTS) $(BACKENDS:%=$(B)/backends/%.so) $(UNUSUAL) $(B)/libcfutures.a $(B)/libcfutures.so

include fuzz/fuzz.mk

# ---- the reference ---------------------------------------------------------------

$(B)/reference/%.o: reference/%.c
	$(Q)mkdir -p $(@D)
	$(Q)$(CC) -std=c11 -D_POSIX_C_SOURCE=200809L $(COMMON) -Ireference $(CFLAGS) -MMD -MP -c -o $@ $<

$(B)/reference/tests/%.o: reference/tests/%.c
	$(Q)mkdir -p $(@D)
	$(Q)$(CC) -std=gnu11 -D_GNU_SOURCE= $(COMMON) -Ireference $(CFLAGS) -MMD -MP -c -o $@ $<

$(B)/libcfutures.a: $(call objs,$(REFERENCE))
	$(Q)rm -f $@
	$(Q)ar rcs $@ $^
$(B)/libcfutures.so: $(call objs,$(REFERENCE)) reference/cfutures.map
	$(Q)$(CC) -shared -pthread $(SANFLAGS) $(LDFLAGS) -Wl,-soname,libcfutures.so.0 -Wl,--version-script=reference/cfutures.map \
	   -o $@ $(filter %.o,$^)

# What the tests stand in front of, so that it can fail: each __wrap_NAME of watch.c.
WRAP := $(shell grep -o '__wrap_[a-z_]*' reference/tests/watch.c | sort -u | cut -c8-)
$(B)/unit: $(call objs,$(UNIT)) $(B)/libcfutures.a
	$(Q)$(CC) -pthread $(SANFLAGS) $(LDFLAGS) $(WRAP:%=-Wl,--wrap=%) -o $@ $^ $(shell pkg-config --libs check)

# ---- the suite ----------------------------------------------------------------------

$(B)/conformance/%.o: conformance/%.c
	$(Q)mkdir -p $(@D)
	$(Q)$(CC) -std=gnu11 -D_GNU_SOURCE= $(COMMON) -Iconformance/harness $(DEFS) $(PKG_CFLAGS) $(CFLAGS) -MMD -MP -c -o $@ $<
# The tool's own names must not stand in for those of a backend.
$(call objs,$(HARNESS) $(CASES)): DEFS += -fvisibility=hidden
DEFS = -DPP_VERSION='"$(VERSION)"'

$(B)/ledger.c: conformance/harness/ledger.awk conformance/harness/outcomes.awk $(CHAPTERS) conformance/scenarios/outcomes
	$(Q)mkdir -p $(@D)
	$(Q)awk -f $< $(CHAPTERS) >$@.new
	$(Q)awk -f conformance/harness/outcomes.awk conformance/scenarios/outcomes >>$@.new && mv $@.new $@
$(B)/ledger.o: $(B)/ledger.c
	$(Q)$(CC) -std=gnu11 $(COMMON) -Iconformance/harness $(CFLAGS) -c -o $@ $<

$(B)/poolproof: $(call objs,$(HARNESS) $(CASES) $(FUZZ_PARTS)) $(B)/ledger.o
	$(Q)$(CC) -pthread $(SANFLAGS) $(LDFLAGS) -o $@ $^ $(PKG_LIBS) -ldl -lm
	@echo built $@

# A module: its file, and what it uses of the harness, which it has for itself.
harness = $(patsubst %,$(B)/conformance/harness/%.o,$(1))
$(B)/poolproof-junit.so: $(call harness,modules/junit report_file outcome text)
$(B)/poolproof-stacks.so: $(call harness,modules/stacks slot proc)
$(call harness,modules/junit): PKG_CFLAGS += $(shell pkg-config --cflags libxml-2.0 2>/dev/null)
LIBS_junit  := $(shell pkg-config --libs libxml-2.0 2>/dev/null)
LIBS_stacks := $(shell pkg-config --libs libdw 2>/dev/null)
$(MODULES:%=$(B)/poolproof-%.so): $(B)/poolproof-%.so:
	$(Q)$(CC) -shared -pthread $(SANFLAGS) $(LDFLAGS) -o $@ $^ $(LIBS_$*)
$(call harness,$(MODULES:%=modules/%)): DEFS += -fvisibility=hidden

# Preloaded by the tool; nothing of it may call what it stands before.
$(B)/poolproof-inject.so: conformance/inject/inject.c conformance/inject/when.c conformance/inject/when.h
	$(Q)mkdir -p $(@D)
	$(Q)$(CC) -std=gnu11 -D_GNU_SOURCE= -shared -fPIC -fno-builtin $(WARN) -O2 -g -o $@ $(filter %.c,$^) -ldl

# ---- backends -------------------------------------------------------------------------

# NAME.c and, if there is one, the folder NAME/; what it links is in LIBS_NAME.
$(B)/conformance/backends/glib.o: PKG_CFLAGS += $(shell pkg-config --cflags glib-2.0 2>/dev/null)
LIBS_glib := $(shell pkg-config --libs glib-2.0 2>/dev/null)
LIBS_cpython := -ldl

define backend
$(B)/backends/$(1).so: $(call objs,conformance/backends/$(1).c $(wildcard conformance/backends/$(1)/*.c)) \
                       $(B)/libcfutures.a conformance/backends/adapter.map \
                       $(wildcard conformance/backends/$(1).expect)
	$(Q)mkdir -p $$(@D)
	$(Q)$$(CC) -shared -pthread $$(SANFLAGS) $$(LDFLAGS) -Wl,--version-script=conformance/backends/adapter.map \
	   -o $$@ $$(filter %.o %.a,$$^) $$(LIBS_$(1))
	$(Q)$(if $(wildcard conformance/backends/$(1).expect),cp conformance/backends/$(1).expect $$(@D)/)
endef
$(foreach b,$(BACKENDS),$(eval $(call backend,$(b))))

# Executors that are right and unlike the reference, on a pool of their own.
$(B)/unusual.a: $(call objs,$(wildcard conformance/backends/unusual/pool/*.c))
	$(Q)rm -f $@
	$(Q)ar rcs $@ $^
$(B)/backends/unusual/%.so: $(B)/conformance/backends/unusual/%.o $(B)/unusual.a conformance/backends/adapter.map
	$(Q)mkdir -p $(@D)
	$(Q)$(CC) -shared -pthread $(SANFLAGS) $(LDFLAGS) -Wl,--version-script=conformance/backends/adapter.map \
	   -o $@ $(filter %.o %.a,$^)

# ---- the bench: make bench, make guard ------------------------------------------------------

-include reference/bench/bench.mk

# ---- wrong on purpose: make faults, make mutants ------------------------------------------

include conformance/faults/faults.mk

# ---- the explorer: make explore -------------------------------------------------------------

-include fuzz/schedule/schedule.mk

# ---- running ------------------------------------------------------------------------------

deps:
	@ci/deps

BACKEND ?= reference
# A stack counts byte by byte for Memcheck when a thread is started: smaller ones.  What is translated
# anew in each process is translated in the cheapest way.
VALGRIND := ulimit -S -s 1024; valgrind -q --main-stacksize=8388608 --trace-children=no --error-exitcode=0 --child-silent-after-fork=no \
            --run-libc-freeres=no --run-cxx-freeres=no --sanity-level=0 --vex-guest-chase=no --suppressions=conformance/valgrind.supp
UNDER := $(if $(TOOL),$(VALGRIND) --tool=$(TOOL) $(if $(filter memcheck,$(TOOL)),--leak-check=no --read-inline-info=no))
run: all
	$(UNDER) $(B)/poolproof run $(BACKEND) $(ARGS)

# The scenarios, then random programs, for half of the time each; results to $(JSON)-race.json and -fuzz.json.
HALF_TIME = $(shell echo $(FUZZ_TIME) | awk '{ print $$1 / 2 }')
race: all
	$(UNDER) $(B)/poolproof race $(BACKEND) --time $(HALF_TIME) $(JSON:%=--json %-race.json) $(ARGS); race=$$?; \
	$(UNDER) $(B)/poolproof fuzz $(BACKEND) --time $(HALF_TIME) $(JSON:%=--json %-fuzz.json) --directory $(B) $(FUZZ_ARGS) && exit $$race

conform:
	@ci/deps conform
	@$(MAKE) --no-print-directory conform-now
conform-now: all
	@ci/conform $(B)

check:
	@ci/deps check
	@ci/check

unit: $(B)/unit
	$<

# The tests of the harness, each a program of Check.
HTEST_BINS := $(HTESTS:conformance/harness/tests/%.c=$(B)/harness-tests/%)
HTEST_LINK := $(filter-out conformance/harness/main.c,$(HARNESS))
$(B)/harness-tests/%: $(B)/conformance/harness/tests/%.o $(call objs,$(HTEST_LINK)) $(B)/ledger.o
	$(Q)mkdir -p $(@D)
	$(Q)$(CC) -pthread $(SANFLAGS) $(LDFLAGS) -o $@ $^ $(PKG_LIBS) -ldl -lm
$(B)/harness-tests/hostile.so $(B)/harness-tests/racy.so: $(B)/harness-tests/%.so: $(B)/conformance/harness/tests/%.o conformance/backends/adapter.map
	$(Q)mkdir -p $(@D)
	$(Q)$(CC) -shared -pthread $(SANFLAGS) $(LDFLAGS) -Wl,--version-script=conformance/backends/adapter.map -o $@ $(filter %.o,$^)
harness-tests: all $(HTEST_BINS) $(B)/harness-tests/hostile.so $(B)/harness-tests/racy.so
	@ci/harness-tests $(B)

soak:
	@ci/deps soak
	@$(MAKE) --no-print-directory all
	@ci/soak $(if $(TIME),--time $(TIME)) $(if $(RUNS),--runs $(RUNS)) $(if $(OTHERS),--others $(OTHERS))

shipped:
	@ci/deps shipped
	@$(MAKE) --no-print-directory all
	@ci/shipped $(EXECUTOR)

coverage:
	@ci/deps coverage
	@ci/coverage

spec: $(B)/spec.html
$(B)/spec.html: $(CHAPTERS) spec/deviations.md ci/spec
	$(Q)mkdir -p $(@D)
	$(Q)ci/spec $@

# ---- installing ------------------------------------------------------------------------------

DEST := $(DESTDIR)$(PREFIX)
install: all
	install -d $(DEST)/bin $(DEST)/include/poolproof $(DEST)/lib/pkgconfig $(DEST)/lib/poolproof $(DEST)/share/man/man1 $(DEST)/share/man/man3 $(DEST)/share/poolproof
	install -m 755 $(B)/poolproof $(DEST)/bin/
	install -m 644 reference/include/cfutures.h $(DEST)/include/
	install -m 644 conformance/include/poolproof/*.h $(DEST)/include/poolproof/
	install -m 644 $(B)/libcfutures.a $(DEST)/lib/
	install -m 755 $(B)/libcfutures.so $(DEST)/lib/libcfutures.so.$(VERSION)
	ln -sf libcfutures.so.$(VERSION) $(DEST)/lib/libcfutures.so.0
	ln -sf libcfutures.so.0 $(DEST)/lib/libcfutures.so
	install -m 755 $(B)/backends/*.so $(DEST)/lib/poolproof/
	install -D -m 755 -t $(DEST)/lib/poolproof/tool $(TOOL_OBJECTS)
	install -m 644 $(wildcard conformance/backends/*.expect) $(DEST)/lib/poolproof/
	install -m 644 conformance/harness/poolproof.schema.json $(DEST)/share/poolproof/
	install -m 644 conformance/valgrind.supp $(DEST)/share/poolproof/
	install -m 644 conformance/man/*.1 $(DEST)/share/man/man1/
	install -m 644 reference/man/*.3 $(DEST)/share/man/man3/
	sed 's|@PREFIX@|$(PREFIX)|; s|@VERSION@|$(VERSION)|' reference/cfutures.pc.in >$(DEST)/lib/pkgconfig/cfutures.pc
	sed 's|@PREFIX@|$(PREFIX)|; s|@VERSION@|$(VERSION)|' conformance/poolproof.pc.in >$(DEST)/lib/pkgconfig/poolproof.pc

clean:
	rm -rf build build-*

help:
	@sed -n '2,/^$$/s/^# \{0,1\}//p' Makefile

.PHONY: all deps run race conform conform-now check unit harness-tests soak shipped coverage spec install clean help
.SECONDARY:
.DELETE_ON_ERROR:

-include $(shell find $(B) -name "*.d" 2>/dev/null)
