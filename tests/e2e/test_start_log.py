"""What a start says: what is served, in few lines, and what it waited for."""

import subprocess

import pytest

from world import export_text, mirrors_of

MIRRORS = mirrors_of("DE", 3, "198.18.1")
SLOW = r"""
#define _GNU_SOURCE
#include <dlfcn.h>
#include <fcntl.h>
#include <string.h>
#include <time.h>
int open(const char *path, int flags, ...)
{
	int (*next)(const char *, int, ...) = dlsym(RTLD_NEXT, "open");
	if (strstr(path, "country.mmdb"))
		nanosleep(&(struct timespec){1, 100000000}, 0);
	return next(path, flags, 0600);
}
int open64(const char *path, int flags, ...) { return open(path, flags); }
int __open_2(const char *path, int flags) { return open(path, flags); } /* with _FORTIFY_SOURCE */
int __open64_2(const char *path, int flags) { return open(path, flags); }
"""


def start_lines(world):
    world.start()
    lines = world.log().splitlines()
    assert "is ready" in lines[-1]
    return lines


def test_one_zone(make_world):
    world = make_world(mirrors=MIRRORS, networks=[("198.18.0.0/16", "DE")],
                       overrides="127.0.0.0/8,DE\n")
    lines = start_lines(world)
    assert len(lines) <= 10, lines
    world.wait_log("zone clamav.net loaded", "pools=6", "mirrors=3", count=1)
    assert not world.lines("loading took"), "it was quick"


def test_many_zones(make_world):
    """Ten lines tell of a hundred zones: the first three, and how many more."""
    names = [f"zone{i}.example" for i in range(99)]
    zones = "".join(f'zone "{name}" {{\n file = "{name}"\n export = "{name}.json"\n'
                    ' pool "all" { from = "world" }\n}\n' for name in names)
    world = make_world()
    for name in names:
        world.write(name, f"$ORIGIN {name}.\n@ 60 SOA ns h 1 2 3 4 5\n@ 60 NS ns.example.\n")
        world.write(f"{name}.json", export_text(MIRRORS))
    world.fill(mirrors=MIRRORS, networks=[("198.18.0.0/16", "DE")], zones=zones,
               overrides="127.0.0.0/8,DE\n")
    lines = start_lines(world)
    assert len(lines) <= 10, lines
    world.wait_log("97 more zones")
    assert world.ask("all.zone98.example.").answer


def test_a_long_start_says_what_took_so_long(make_world, is_sanitizer, tmp_path):
    if is_sanitizer:
        pytest.skip("a sanitizer must be loaded before what makes reading slow: not run")
    (tmp_path / "slow.c").write_text(SLOW)
    library = tmp_path / "slow.so"
    subprocess.run(["gcc", "-shared", "-fPIC", "-o", library, tmp_path / "slow.c", "-ldl"], check=True)
    world = make_world(mirrors=MIRRORS, networks=[("198.18.0.0/16", "DE")])
    plain = world.environment
    world.environment = lambda: {**plain(), "LD_PRELOAD": str(library)}
    lines = start_lines(world)
    found = world.lines("loading took 1.", "country database 1.", "networks=1")
    assert len(found) == 1 and len(lines) <= 10, lines
