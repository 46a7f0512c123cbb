#!/usr/bin/python3
"""CPU per query with one worker and with two: what a second one costs the first.

    tests/bench/workers.py [--seconds S] [--rounds N] [--rate QUERIES_A_SECOND_AND_CPU]

Every CPU that has a worker has a load generator beside it, in its spare time, so that every worker has the same work; a
second worker can only cost what the two share. Without --rate the generators have 16 x 24 queries outstanding each.
What is printed goes to build/bench/workers.md too.
"""

import argparse
import json
import os
import statistics
import subprocess
import sys

sys.dont_write_bytecode = True

import server
import world

CPUS = (0, 1)
ONE = "one worker"
KINDS = {  # CPU of the server, CPUs of the load, options
    ONE: (0, CPUS[:1], {"workers": 1}),
    "two, by address hash": (None, CPUS, {"workers": 2}),
    "two, socket-affinity": (None, CPUS, {"workers": 2, "socket-affinity": "true"}),
}


def load(port, queries, cpus, given):
    """What the generators of these CPUs report, added up."""
    words = [f"{server.BENCH}/load", "127.0.0.1", str(port), queries, "-t", str(given.seconds)]
    words += ["-r", str(given.rate)] if given.rate else []
    running = [subprocess.Popen(server.pinned(cpu) + words, stdout=subprocess.PIPE, text=True,
                                preexec_fn=server.die_with_parent) for cpu in cpus]
    reports = [json.loads(one.communicate()[0]) for one in running]
    return {key: sum(report[key] for report in reports) for key in ("sent", "answered", "lost")}


def measure(one, queries, cpus, given):
    before = one.usage()
    result = load(one.port, queries, cpus, given)
    total, user = one.usage().since(before)
    return {**result, "cpu": total / max(result["answered"], 1),
            "user": user / max(result["answered"], 1)}


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seconds", type=float, default=1)
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--rate", type=int)
    given = parser.parse_args()
    server.alone()
    if not set(CPUS) <= os.sched_getaffinity(0):
        sys.exit(f"CPUs {CPUS} are needed")
    directory = f"{server.BENCH}/workers"
    database, queries = world.prepare(server.BENCH)
    servers = {name: server.Mirrorns(f"{directory}/{i}", world.small_mirrors(), database, cpu=cpu,
                                     options=options)
               for i, (name, (cpu, _, options)) in enumerate(KINDS.items())}
    found = {name: [] for name in servers}
    try:
        for one in servers.values():
            one.start()
        for _ in range(given.rounds):
            for name, one in servers.items():
                found[name].append(measure(one, queries["mix"], KINDS[name][1], given))
    finally:
        for one in servers.values():
            one.stop()
    base = statistics.median(result["cpu"] for result in found[ONE])
    rows = []
    for name, rounds in found.items():
        cpu = statistics.median(result["cpu"] for result in rounds)
        rows.append([name, f"{cpu:.3f}", f"{cpu / base:.3f}",
                     f"{statistics.median(result['user'] for result in rounds):.3f}",
                     sum(result["answered"] for result in rounds),
                     sum(result["lost"] for result in rounds)])
    work = f"{given.rate} queries/s" if given.rate else "16 × 24 queries outstanding"
    text = (f"\n## CPU µs per query, {work} on each worker's CPU, `mix`\n\n" +
            server.markdown(["workers", "CPU", "× one", "user", "answered", "lost"], rows))
    print(text)
    world.file_write(f"{server.BENCH}/workers.md", text)


if __name__ == "__main__":
    main()
