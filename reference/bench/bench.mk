# SPDX-License-Identifier: MIT
#
# bench.mk: the reference beside other pools; included by the Makefile.
#
#   make bench                     all of it, about four minutes
#   make bench BENCH='--quick'     the main measures; reference/bench/bench --help
#
# Each peer is one measuring program, build/bench/NAME; one whose package is not
# installed is not built, and the bench says so.

CXX      := $(if $(filter default,$(origin CXX)),g++,$(CXX))
CXXFLAGS ?= -O2 -g
BENCH    ?=

hash   := \#
header = $(shell echo '$(hash)include <$(1)>' | $(2) -E -x $(3) - >/dev/null 2>&1 && echo yes)
pc     = $(shell pkg-config --$(2) $(1) 2>/dev/null)
THPOOL := $(wildcard /usr/share/cthreadpool/thpool.c)

# Asked only when the bench is to be built: it takes a second.
ifneq ($(filter bench-peers,$(MAKECMDGOALS)),)
PEERS_C  := reference $(if $(call has,glib-2.0),glib) $(if $(call has,libuv),uv) \
            $(if $(call has,apr-util-1),apr) $(if $(THPOOL),cthreadpool)
PEERS_CC := $(if $(call has,tbb),tbb) $(if $(call header,boost/asio/thread_pool.hpp,$(CXX),c++),asio) \
            $(if $(call header,boost/thread/future.hpp,$(CXX),c++),boost)
PEERS_JAVA := $(if $(shell command -v javac),$(B)/bench/Bench.class)
endif

PEER_CFLAGS_glib := $(call pc,glib-2.0,cflags)
PEER_LIBS_glib   := $(call pc,glib-2.0,libs)
PEER_LIBS_uv     := $(call pc,libuv,libs)
PEER_CFLAGS_apr  := $(call pc,apr-util-1 apr-1,cflags)
PEER_LIBS_apr    := $(call pc,apr-util-1 apr-1,libs)
PEER_LIBS_cthreadpool := $(B)/bench/thpool.o
PEER_LIBS_tbb    := $(call pc,tbb,libs)
PEER_LIBS_boost  := -lboost_thread -lboost_system
PEER_LIBS_reference := $(B)/libcfutures.a
$(B)/bench/reference: $(B)/libcfutures.a
$(B)/bench/cthreadpool: $(B)/bench/thpool.o

# C-Thread-Pool is packaged as source.
$(B)/bench/thpool.o: $(THPOOL)
	$(Q)mkdir -p $(@D)
	$(Q)$(CC) -w -pthread -fPIC -I/usr/include/cthreadpool $(CFLAGS) -c -o $@ $<

$(B)/bench/measure.o: reference/bench/measure.c reference/bench/peer.h
	$(Q)mkdir -p $(@D)
	$(Q)$(CC) -std=gnu11 $(COMMON) $(CFLAGS) -c -o $@ $<
$(PEERS_C:%=$(B)/bench/%): $(B)/bench/%: reference/bench/peer_%.c $(B)/bench/measure.o reference/bench/peer.h reference/bench/lent.h
	$(Q)$(CC) -std=gnu11 $(COMMON) $(CFLAGS) $(PEER_CFLAGS_$*) -o $@ $< $(B)/bench/measure.o $(PEER_LIBS_$*)
$(PEERS_CC:%=$(B)/bench/%): $(B)/bench/%: reference/bench/peer_%.cc $(B)/bench/measure.o reference/bench/peer.h reference/bench/lent.h
	$(Q)$(CXX) -std=c++17 -pthread $(WARN) $(CXXFLAGS) -o $@ $< $(B)/bench/measure.o $(PEER_LIBS_$*)
$(B)/bench/Bench.class: reference/bench/Bench.java
	$(Q)mkdir -p $(@D)
	$(Q)javac -d $(@D) $<

bench-peers: $(PEERS_C:%=$(B)/bench/%) $(PEERS_CC:%=$(B)/bench/%) $(PEERS_JAVA) $(B)/bench/counts
bench:
	@ci/deps bench
	@$(MAKE) --no-print-directory all bench-peers
	@reference/bench/bench --build $(B) $(BENCH)

# What is counted, not timed; part of `make check`.
$(B)/bench/counts: reference/bench/counts.c $(B)/libcfutures.a
	$(Q)mkdir -p $(@D)
	$(Q)$(CC) -std=gnu11 $(COMMON) $(CFLAGS) -Wl,--wrap=malloc,--wrap=calloc,--wrap=realloc -o $@ $^
guard: $(B)/bench/counts
	@reference/bench/guard $<

.PHONY: bench bench-peers guard
