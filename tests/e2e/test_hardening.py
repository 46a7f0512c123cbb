"""What the programs are built with, read from the files themselves: it costs an attacker more, and nobody else."""

import pathlib
import re
import shutil
import subprocess

import pytest

from conftest import PROJECT

pytestmark = pytest.mark.one_program
NAMES = ("mirrorns", "mirrornsctl", "mirrorns-cvd", "mirrorns-monitor")


@pytest.mark.parametrize("name", NAMES)
def test_a_program_is_hardened(program, name, is_sanitizer):
    if is_sanitizer or not shutil.which("readelf"):
        pytest.skip("a sanitizer's build, or no readelf: not run")
    path = pathlib.Path(program).resolve().parent / name
    read = subprocess.run(["readelf", "-W", "-h", "-l", "-d", "--dyn-syms", path], capture_output=True, text=True,
                          check=True).stdout
    assert re.search(r"^\s*Type:\s+DYN ", read, re.M), "position-independent"
    assert re.search(r"\(FLAGS_1\).*\bNOW\b.*\bPIE\b", read) and re.search(r"\(FLAGS\).*\bBIND_NOW\b", read)
    assert re.search(r"^\s*GNU_RELRO\s", read, re.M), "with BIND_NOW, all that the linker writes is read-only after it"
    assert not re.search(r"^\s*GNU_STACK\s.*E\s", read, re.M), "no code on the stack"
    assert "__stack_chk_fail" in read, "-fstack-protector-strong"
    assert re.search(r"\b__v?snprintf_chk\b", read), "_FORTIFY_SOURCE"


def test_a_package_has_it_too():
    """Its own CFLAGS and LDFLAGS are beside the Makefile's, not in their place; the sanitizers' build has neither."""
    def command(target, *words):
        told = subprocess.run(["make", "-n", "-B", "B=build/none", *words, target], cwd=PROJECT, capture_output=True,
                              text=True, check=True).stdout
        return [line for line in told.splitlines() if f"-o {target}" in line][0]

    compiled = command("build/none/o/dns/main.o", "CFLAGS=-g -O2")
    for option in ("-fPIE", "-fstack-protector-strong", "-fstack-clash-protection", "-D_FORTIFY_SOURCE=2"):
        assert option in compiled.split()
    assert "FORTIFY" not in command("build/none/o/dns/main.o", "CFLAGS=-O0")
    assert "_SOURCE=2" not in command("build/none/o/dns/main.o", "CFLAGS=-O2 -D_FORTIFY_SOURCE=3")
    linked = command("build/none/mirrorns-cvd", "CFLAGS=-g -O2", "LDFLAGS=-Wl,-z,noexecstack").split()
    assert {"-pie", "-Wl,-z,relro,-z,now", "-Wl,-z,noexecstack"} <= set(linked)
    assert "-fstack" not in command("build/none/san/o/dns/main.o")
