# mirrorns: `make run` tries it, `make demo` shows the network around it, `make check` tests it; README.md says more.
CC = gcc
PREFIX = /usr/local
UNITS_TO = $(PREFIX)/lib/systemd/system
VERSION = 0.1.0
B = build

WARN = -Wall -Wextra -Wshadow -Wconversion -Wstrict-prototypes -Wmissing-prototypes -Werror
CFLAGS = -O2 -g -flto=auto
# Beside CFLAGS, which package builds replace. Fortifying warns where nothing is optimized, or twice.
FORTIFY = $(if $(findstring _FORTIFY_SOURCE,$(CFLAGS)),,-U_FORTIFY_SOURCE -D_FORTIFY_SOURCE=2)
HARD = -fPIE -fstack-protector-strong -fstack-clash-protection $(if $(filter-out -O0,$(filter -O%,$(CFLAGS))),$(FORTIFY))
SAN = -O1 -g -fsanitize=address,undefined -fno-sanitize-recover=all -fno-omit-frame-pointer
COMPILE = $(CC) -std=c11 -D_GNU_SOURCE -DMIRRORNS_VERSION='"$(VERSION)"' -I. -I$(B) -MMD -MP $(WARN)
LINK = $(CC) $(HARD) $(CFLAGS) -pie -Wl,-z,relro,-z,now $(LDFLAGS)
LIBS = -Wl,--as-needed -lldns -lmaxminddb -ljansson -lmicrohttpd -lcurl -lsqlite3 -luv -lsystemd -lpthread

ROOMS = $(filter-out dns/main.c,$(wildcard dns/*.c dns/*/*.c geo/*.c zones/*.c))
TOOLS = $(filter-out %/main.c,$(wildcard tools/html/*.c tools/cvd/*.c tools/monitor/*/*.c))
UNITS = $(patsubst tests/unit/%.c,$(B)/san/%,$(wildcard tests/unit/test_*.c tests/unit/render.c))
# A program's own files; all of them have the rooms.
mirrorns = dns/main.c
mirrornsctl = $(wildcard tools/ctl/*.c tools/html/*.c)
mirrorns-cvd = $(wildcard tools/cvd/*.c)
mirrorns-monitor = tools/monitor/main.c $(TOOLS)
PROGRAMS = mirrorns mirrornsctl mirrorns-cvd mirrorns-monitor

all: $(PROGRAMS:%=$(B)/%)
san: $(PROGRAMS:%=$(B)/san/%) $(UNITS)

.SECONDEXPANSION:
$(PROGRAMS:%=$(B)/%): $(B)/%: $$(addprefix $(B)/o/,$$(addsuffix .o,$$(basename $$($$*) $(ROOMS))))
	@echo '  link $@'; $(LINK) $^ $(LIBS) -o $@
$(PROGRAMS:%=$(B)/san/%): $(B)/san/%: $$(addprefix $(B)/san/o/,$$(addsuffix .o,$$(basename $$($$*) $(ROOMS))))
	@echo '  link $@'; $(CC) $(SAN) $(LDFLAGS) $^ $(LIBS) -o $@
$(UNITS): $(B)/san/%: $(B)/san/o/tests/unit/%.o $(patsubst %.c,$(B)/san/o/%.o,$(ROOMS) $(TOOLS))
	@echo '  link $@'; $(CC) $(SAN) $(LDFLAGS) $^ $(LIBS) -lcmocka -o $@

# The status page's own files, built into it as lists of octets.
$(B)/asset/%: tools/html/%
	@mkdir -p $(@D); sed 's/^[[:space:]]*//' $< | od -An -v -tu1 | sed 's/[0-9][0-9]*/&,/g' >$@
$(B)/o/tools/html/asset.o $(B)/san/o/tools/html/asset.o: $(patsubst %,$(B)/asset/%,style.css script.js world.txt)

$(B)/o/%.o: %.c
	@mkdir -p $(@D)
	@echo '  cc   $<'; $(COMPILE) $(HARD) $(CFLAGS) -c $< -o $@
$(B)/san/o/%.o: %.c
	@mkdir -p $(@D)
	@echo '  san  $<'; $(COMPILE) $(SAN) -c $< -o $@

# Installs the Debian packages that are missing.
deps:
	@tools/deps
run: # PORT=5301: on another port
	@tools/deps run
	@$(MAKE) --no-print-directory -s all
	@tools/run $(PORT)
demo: # a complete network on loopback addresses; AUTO=1: unattended
	@tools/deps demo
	@$(MAKE) --no-print-directory -s all
	@tools/demo $(if $(AUTO),--auto)

check:
	@tools/deps check
	@$(MAKE) --no-print-directory -j2 all san $(LOADS)
	@tests/check
check-long: # storms and floods, on the sanitizers' builds too, then fuzzing: more than an hour
	@tools/deps check
	@$(MAKE) --no-print-directory -j2 all san $(LOADS)
	@$(MAKE) --no-print-directory -j2 B=$(B)/tsan CFLAGS='-O2 -g -fsanitize=thread' $(B)/tsan/mirrorns
	@tests/check-long

layers: all # the order of folders and units, and cycles among them
	@tests/layers

fuzz: # serve() under libFuzzer; SECONDS says for how long
	tests/fuzz/run $(or $(SECONDS),60)

# CPU per query compared with other servers, on two idle CPUs; QUICK=1: one short round. Then instructions, then scale.
LOADS = $(patsubst %,$(B)/bench/%,floor load tcp storm probe)
$(LOADS): $(B)/bench/%: tests/bench/%.c tests/bench/bench.h
	@mkdir -p $(@D)
	@echo '  cc   $@'; $(COMPILE) -MF $@.d $(CFLAGS) $< -o $@
$(B)/bench/count $(B)/bench/build: $(B)/bench/%: $(B)/o/tests/bench/%.o $(patsubst %.c,$(B)/o/%.o,$(ROOMS))
	@mkdir -p $(@D)
	@echo '  link $@'; $(LINK) $^ $(LIBS) -o $@
$(B)/geodb/country.mmdb:
	tools/geodb fetch $(B)/geodb
bench bench-count bench-scale bench-workers:
	@tools/deps bench
	@$(MAKE) --no-print-directory -s all $(LOADS) $(B)/geodb/country.mmdb
	@$(MAKE) --no-print-directory -s $(B)/bench/count $(B)/bench/build
	/usr/bin/python3 tests/bench/$(or $(patsubst bench-%,%,$(filter-out bench,$@)),run).py

geodb: # the whole country database, to build/geodb/country.mmdb
	tools/geodb fetch $(B)/geodb

format:
	clang-format -i $$(git ls-files -co --exclude-standard '*.[ch]')

install: all
	install -D -m 755 $(B)/mirrorns $(DESTDIR)$(PREFIX)/sbin/mirrorns
	install -d $(DESTDIR)$(PREFIX)/bin
	install -m 755 $(filter-out %/mirrorns,$(PROGRAMS:%=$(B)/%)) $(DESTDIR)$(PREFIX)/bin
	for program in $(PROGRAMS); do install -D -m 644 tools/completion/mirrorns \
		$(DESTDIR)$(PREFIX)/share/bash-completion/completions/$$program; done
	install -D -m 644 tools/completion/mirrorns $(DESTDIR)$(PREFIX)/share/zsh/vendor-completions/_mirrorns
	install -d $(DESTDIR)$(PREFIX)/share/man/man5 $(DESTDIR)$(PREFIX)/share/man/man8
	install -m 644 doc/*.8 $(DESTDIR)$(PREFIX)/share/man/man8
	install -m 644 doc/*.5 $(DESTDIR)$(PREFIX)/share/man/man5
	DESTDIR='$(DESTDIR)' tools/package/install '$(PREFIX)' '$(UNITS_TO)'
	install -d $(DESTDIR)$(PREFIX)/share/doc/mirrorns/monitoring
	install -m 644 doc/monitoring/* $(DESTDIR)$(PREFIX)/share/doc/mirrorns/monitoring

deb: # a Debian package, in build/deb
	@tools/deps deb
	@tools/package/deb '$(VERSION)'

clean:
	rm -rf $(B)

-include $(shell find $(B) -name '*.d' 2>/dev/null)
.SECONDARY:
.PHONY: all san deps run demo check layers check-long fuzz bench bench-count bench-scale bench-workers geodb format install deb clean
