# schedule.mk: the explorer; included by the Makefile, whose variables it uses.
#
#   make explore TIME=600 BACKEND=reference   all scenarios under controlled schedules
#   make schedule-check                       tests of the explorer

SCHEDULE         := $(wildcard fuzz/schedule/*.c)
SCHEDULE_LIBRARY := $(wildcard fuzz/schedule/library/*.c)

$(B)/fuzz/schedule/%.o: fuzz/schedule/%.c
	$(Q)mkdir -p $(@D)
	$(Q)$(CC) -std=gnu11 -D_GNU_SOURCE= $(COMMON) -fvisibility=hidden -Iconformance/harness $(PKG_CFLAGS) $(CFLAGS) -MMD -MP -c -o $@ $<

# Never with a sanitizer of its own: it stands in front of libc.
$(B)/fuzz/schedule/library/%.o: fuzz/schedule/library/%.c
	$(Q)mkdir -p $(@D)
	$(Q)$(CC) -std=gnu11 -pthread -fPIC $(WARN) -fvisibility=hidden -O2 -g -MMD -MP -c -o $@ $<

$(B)/poolproof-schedule.so: $(call objs,$(SCHEDULE_LIBRARY))
	$(Q)$(CC) -shared -pthread -Wl,-z,defs -o $@ $^ -ldl

$(B)/poolproof: $(call objs,$(SCHEDULE))
all: $(B)/poolproof-schedule.so

explore: all
	$(B)/poolproof explore --time $(or $(TIME),540) --directory $(B) $(ARGS) $(or $(BACKEND),reference)

.PHONY: explore
