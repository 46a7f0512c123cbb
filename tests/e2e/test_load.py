"""Reloads under load, and how soon a renamed export is served."""

import json
import os
import pathlib
import signal
import statistics
import subprocess
import sys
import time

from packet import addresses
from world import eventually, export_text, many_mirrors, mirror

HERE = pathlib.Path(__file__).parent


def version(number):
    """20 mirrors in two countries whose addresses say which export they are of."""
    return [
        mirror(f"m{i}.example", "DE" if i % 2 else "FR", f"10.{number}.{i}.1",
               f"2001:db8:{number:x}::{i:x}")
        for i in range(1, 21)
    ]


def descriptors(world):
    return len(os.listdir(f"/proc/{world.process.pid}/fd"))


def resident(world):
    """Its memory, in MB."""
    with open(f"/proc/{world.process.pid}/statm") as file:
        return int(file.read().split()[1]) * os.sysconf("SC_PAGESIZE") / 1e6


def test_reloads_under_load(make_world, is_sanitizer, capsys):
    """100 exports and some SIGHUPs: no query is lost, no answer mixes two exports."""
    world = make_world(
        mirrors=version(1), workers=2, overrides="127.0.0.0/8,DE\n",
        zone_options="\tmax-shrink = 100\n").start()
    load = subprocess.Popen([sys.executable, "-B", str(HERE / "load.py"), str(world.port)],
                            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    assert load.stdout.readline() == "ready\n"
    begin, before = time.monotonic(), None
    for number in range(2, 102):
        world.export(version(number), serial=number)
        if number % 10 == 0:
            world.kill(signal.SIGHUP)
        eventually(lambda: addresses(world.ask("db.de"))[0].startswith(f"10.{number}."),
                   lambda: f"export {number}; {world.log()[-2000:]}")
        before = before or (number == 20 and (descriptors(world), resident(world)))
    seconds, after = time.monotonic() - begin, (descriptors(world), resident(world))
    counts = json.loads(load.communicate("\n")[0].splitlines()[-1])
    with capsys.disabled():
        print(f"\n100 reloads in {seconds:.1f} s, {counts['sent'] / seconds:.0f} queries/s: {counts}")
    assert load.returncode == 0
    assert counts["lost"] == 0 and counts["mixed"] == 0 and counts["bad"] == 0
    assert counts["answered"] == counts["sent"] > (300 if is_sanitizer else 1000)
    assert counts["versions"] > 50
    assert after[0] <= before[0] + 2, "descriptors stay"
    assert is_sanitizer or after[1] < before[1] + 8, f"{before[1]:.0f} to {after[1]:.0f} MB"


COUNTRIES = "DE FR PL GB AT CH NL BE US CA MX BR AR JP KR CN IN AU NZ ZA".split()


def test_rename_to_served(make_world, is_sanitizer, capsys):
    """2,000 mirrors; from just before rename(2) to the first answer with the new address."""
    mirrors = [{**entry, "country": COUNTRIES[i % 20]}
               for i, entry in enumerate(many_mirrors(1999, ipv6=True))]
    canary = mirror("canary.example", "IS", "198.19.0.1")
    world = make_world(mirrors=[*mirrors, canary]).start()
    rounds, limit = (10, 10.0) if is_sanitizer else (50, 1.0)
    latencies = []
    for i in range(rounds):
        canary["ipv4"] = [f"198.19.1.{i}"]
        world.write("next.json", export_text([*mirrors, canary]))
        begin = time.monotonic()
        os.rename(world.path("next.json"), world.path("mirrors.json"))
        eventually(lambda: addresses(world.ask("db.is")) == canary["ipv4"], "the new address")
        latencies.append(time.monotonic() - begin)
    median, worst = statistics.median(latencies), max(latencies)
    with capsys.disabled():
        print(f"\nrename to served, 2,000 mirrors, {rounds} times: "
              f"median {median * 1000:.0f} ms, worst {worst * 1000:.0f} ms")
    assert worst <= limit
