#!/usr/bin/python3
"""User instructions and data cache misses per query, by callgrind.

    tests/bench/count.py [--calls N] [--peers] [--top N] [--mixes a,b]

Inside serve(): build/bench/count calls it with each mix. In all: the server itself, from recvmmsg to sendmmsg, counted
from when it has started until N queries are answered; --peers does that with gdnsd and Knot too (NSD
forks, and callgrind loses sight of its children). --top prints the
functions that the instructions of `mix` are spent in. What is printed goes to build/bench/count.md too.
"""

import argparse
import glob
import os
import re
import shutil
import subprocess
import sys
import time

sys.dont_write_bytecode = True

import server
import world

CALLGRIND = ["valgrind", "--tool=callgrind", "--instr-atstart=no"]
CALLS = 20_000
WINDOW = 12  # 16 sockets of this fit into the peers' small socket buffers: nothing is lost and waited for
ANSWER_MS = 3000  # a server is 50 times slower under callgrind


def totals(path):
    """{event: count} of one dump."""
    text = server.read_text(path)
    events = re.search(r"^events: (.*)$", text, re.M).group(1).split()
    found = re.search(r"^totals: (.*)$", text, re.M)
    counts = [int(word) for word in found.group(1).split()] if found else []
    return dict(zip(events, counts + [0] * len(events)))


def dumps_by_mix(directory):
    found = {}
    for path in glob.glob(f"{directory}/out.*"):
        trigger = re.search(r"^desc: Trigger: Client Request: (.*)$", server.read_text(path), re.M)
        if trigger:
            found[os.path.basename(trigger.group(1)).removesuffix(".queries")] = path
    return found


def count_command(given, config, queries, calls):
    return [f"{server.BENCH}/count", config, str(calls), *(queries[mix] for mix in given.mixes)]


def count_serve(given, directory, database, queries):
    """{mix: (dump, calls counted, ns of a call without callgrind)}"""
    config = world.mirrorns_write(f"{directory}/world", 5999, world.small_mirrors(), database)
    for old in glob.glob(f"{directory}/out*"):
        os.remove(old)
    native = subprocess.run(count_command(given, config, queries, 20 * given.calls), check=True,
                            capture_output=True, text=True).stdout
    # The cache is fixed, so that the same program has the same misses on every machine.
    command = [*CALLGRIND, "--collect-atstart=no", "--toggle-collect=serve", "--cache-sim=yes",
               "--D1=32768,8,64", "--I1=32768,8,64", "--LL=8388608,16,64",
               f"--callgrind-out-file={directory}/out"]
    done = subprocess.run(command + count_command(given, config, queries, given.calls),
                          capture_output=True, text=True, check=False)
    if done.returncode:
        sys.exit(done.stderr)
    dumps, found = dumps_by_mix(directory), {}
    for slow, fast in zip(done.stdout.splitlines(), native.splitlines()):
        mix = os.path.basename(slow.split()[0]).removesuffix(".queries")
        found[mix] = (dumps[mix], int(slow.split()[1]), float(fast.split()[2]))
    return found


def count_in_all(kind, given, directory, database, queries):
    """{mix: instructions per answered query} of a whole server."""
    output, found = f"{directory}/{kind.name}.out", {}
    for old in glob.glob(f"{output}*"):
        os.remove(old)
    one = kind(f"{directory}/{kind.name}", world.small_mirrors(), database, cpu=None,
               prefix=[*CALLGRIND, f"--callgrind-out-file={output}"])
    try:
        one.start()
        for mix in given.mixes:
            control(one, "--instr=on")
            result = server.run_load("load", one.port, queries[mix], "-n", given.calls, "-w",
                                     WINDOW, "-o", ANSWER_MS)
            control(one, "--instr=off")
            before = set(glob.glob(f"{output}.*"))
            control(one, f"--dump={mix}")
            (dump,) = set(glob.glob(f"{output}.*")) - before
            found[mix] = totals(dump)["Ir"] / max(result["answered"], 1)
    finally:
        one.stop()
    return found


def control(one, command):
    subprocess.run(["callgrind_control", command, str(one.process.pid)], check=True,
                   capture_output=True)


def top(dump, calls, lines):
    done = subprocess.run(["callgrind_annotate", "--auto=no", "--threshold=99", dump],
                          capture_output=True, text=True, check=True)
    rows = []
    for line in done.stdout.splitlines():
        cut = re.match(r"\s*([\d,]+) \([^)]*\).*?\s(\S+:\S+)(?: \[|$)", line)
        if cut and ":" in cut.group(2) and "PROGRAM" not in line:
            where, _, function = cut.group(2).rpartition(":")
            where = os.path.relpath(where, world.ROOT) if where.startswith("/") else where
            rows.append([f"{int(cut.group(1).replace(',', '')) / calls:.1f}", function, where])
    return rows[:lines]


def arguments():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--calls", type=int, default=CALLS)
    parser.add_argument("--peers", action="store_true")
    parser.add_argument("--top", type=int, default=0)
    parser.add_argument("--mixes", default=",".join(world.QUERIES))
    given = parser.parse_args()
    given.mixes = given.mixes.split(",")
    if set(given.mixes) - set(world.QUERIES):
        parser.error(f"--mixes: {' '.join(world.QUERIES)}")
    return given


def serve_rows(counted, in_all):
    rows = []
    for mix, (dump, calls, ns) in counted.items():
        events = totals(dump)
        per = {event: count / calls for event, count in events.items()}
        rows.append([mix, f"{per['Ir']:.0f}", f"{in_all[mix]:.0f}", f"{per['Dr']:.0f}",
                     f"{per['Dw']:.0f}", f"{per['D1mr']:.2f}", f"{per['D1mw']:.2f}",
                     f"{per['DLmr'] + per['DLmw']:.3f}", f"{per['I1mr']:.3f}", f"{ns:.0f}"])
    return rows


def main():
    given, said = arguments(), []
    server.alone()

    def report(text):
        print(text, flush=True)
        said.append(text)

    if not shutil.which("valgrind"):
        sys.exit("valgrind is not installed (apt-get install valgrind)")
    directory = f"{server.BENCH}/counts"
    database, queries = world.prepare(server.BENCH)
    begun = time.monotonic()
    counted = count_serve(given, directory, database, queries)
    in_all = count_in_all(server.Mirrorns, given, directory, database, queries)
    report("## mirrorns: per query\n\n" + server.markdown(
        ["mix", "in serve()", "in all", "reads", "writes", "D1 read misses", "D1 write misses",
         "LL misses", "I1 misses", "ns in serve()"], serve_rows(counted, in_all)))
    if given.top:
        dump, calls, _ = counted[given.mixes[0]]
        report(f"## Where in serve(), `{given.mixes[0]}`\n\n" + server.markdown(
            ["instructions per query", "function", "file"], top(dump, calls, given.top)))
    for kind in (server.Gdnsd, server.Knot) if given.peers else ():
        if not kind.path():
            report(f"{kind.name} is left out: apt-get install {kind.package}\n")
            continue
        found = count_in_all(kind, given, directory, database, queries)
        report(f"## {kind.name}: instructions in all per query\n\n" + server.markdown(
            list(found), [[f"{value:.0f}" for value in found.values()]]))
    report(f"in {time.monotonic() - begun:.0f} s")
    world.file_write(f"{server.BENCH}/count.md", "\n".join(said))
    return 0


if __name__ == "__main__":
    sys.exit(main())
