#!/usr/bin/python3
"""CPU per query of mirrorns and its peers, side by side in one run.

    tests/bench/run.py [--seconds S] [--rounds N] [--servers a,b] [--mixes a,b] [--parts udp,rate,burst,tcp]

QUICK=1 is one short round. GEODB=FILE is another country database than build/geodb/country.mmdb. Each server has one
thread on CPU 0, the load has CPU 1, one server is busy at a time and the rounds take them in turn. What is printed
goes to build/bench/table.md too.
"""

import argparse
import os
import statistics
import sys
import time

sys.dont_write_bytecode = True

import server
import world

QUICK = os.environ.get("QUICK") == "1"
MIXES = ("mix", "mix-fixed", "mix-plain", "local", "txt", "big", "nx")
PARTS = ("udp", "rate", "burst", "tcp")


def arguments():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    names = [kind.name for kind in server.ALL]
    parser.add_argument("--seconds", type=float, default=0.5 if QUICK else 2.0)
    parser.add_argument("--rounds", type=int, default=1 if QUICK else 5)
    parser.add_argument("--servers", default=",".join(names))
    parser.add_argument("--mixes", default=",".join(MIXES))
    parser.add_argument("--parts", default=",".join(PARTS))
    parser.add_argument("--directory", default=f"{server.BENCH}/run")
    given = parser.parse_args()
    for key, known in (("servers", names), ("mixes", list(world.QUERIES)), ("parts", PARTS)):
        words = getattr(given, key).split(",")
        if set(words) - set(known):
            parser.error(f"--{key}: {' '.join(known)}")
        setattr(given, key, words)
    return given


class Bench:
    def __init__(self, given):
        self.given, self.servers, self.text = given, [], ""
        self.database, self.queries = world.prepare(server.BENCH)

    def say(self, text):
        print(text, flush=True)
        self.text += text + "\n"

    def start(self):
        if len(os.sched_getaffinity(0)) < 2:
            sys.exit("two CPUs are needed: one for the server, one for the load")
        for kind in server.ALL:
            if kind.name not in self.given.servers:
                continue
            if not kind.path() or not os.access(kind.path(), os.X_OK):
                self.say(f"{kind.name} is skipped: apt-get install {kind.package or 'nothing: make'}")
                continue
            one = kind(f"{self.given.directory}/{kind.name}", world.small_mirrors(), self.database)
            self.servers.append(one)
            one.start()

    def stop(self):
        for one in self.servers:
            one.stop()

    def named(self, name):
        return next((one for one in self.servers if one.name == name), None)

    def rounds(self, measure, servers=None, rounds=None):
        """{server's name: [what measure returns in each round]}; who is first changes."""
        servers = list(servers or self.servers)
        found = {one.name: [] for one in servers}
        for _ in range(rounds or self.given.rounds):
            for one in servers:
                found[one.name].append(measure(one))
            servers.append(servers.pop(0))
        return found

    # --- UDP: CPU per query -----------------------------------------------------------------

    def udp_measure(self, one, mix):
        before = one.usage()
        result = server.run_load("load", one.port, self.queries[mix], "-t", self.given.seconds)
        total, user = one.usage().since(before)
        result["cpu"] = total / max(result["answered"], 1)
        result["user"] = user / max(result["answered"], 1)
        return result

    def udp_rows(self, mix):
        found = self.rounds(lambda one: self.udp_measure(one, mix))
        rows = []
        for one in self.servers:
            rounds = found[one.name]
            answered = sum(result["answered"] for result in rounds)
            cpu = statistics.median(result["cpu"] for result in rounds)
            total = sum(result["cpu"] * result["answered"] for result in rounds)
            user = cpu * sum(result["user"] * result["answered"] for result in rounds) / total
            rows.append([mix, one.name, f"{cpu:.3f}", f"{user:.3f}", f"{cpu - user:.3f}",
                         ratio(found, one.name, "floor"), ratio(found, one.name, "gdnsd"),
                         f"{statistics.median(result['qps'] for result in rounds) / 1000:.0f}",
                         sum(result["lost"] for result in rounds), answered,
                         f"{rounds[0]['octets']:.0f}", rcodes(rounds), f"{one.memory():.1f}"])
        return rows

    def udp(self):
        rows = []
        for mix in self.given.mixes:
            rows += self.udp_rows(mix)
        self.say("\n## CPU µs per answered query over UDP, closed loop, 16 sockets × 24\n")
        self.say(server.markdown(
            ["mix", "server", "CPU", "user", "system", "× floor", "× gdnsd", "k/s", "lost",
             "answered", "octets", "rcodes", "RSS MB"], rows))

    # --- latency at half of the peak, losses in bursts ------------------------------------------

    def rate(self):
        reference = self.named("gdnsd") or self.named("mirrorns")
        if not reference:
            return
        peaks = [self.udp_measure(reference, "mix")["qps"] for _ in range(self.given.rounds)]
        rate = int(statistics.median(peaks) / 2)
        words = (self.queries["mix"], "-t", self.given.seconds, "-r", rate)
        found = self.rounds(lambda one: server.run_load("load", one.port, *words))
        rows = []
        for name, rounds in found.items():
            keys = ("p50_us", "p99_us", "p999_us")
            cells = [f"{statistics.median(r[key] for r in rounds):.0f}" for key in keys]
            rows.append([name, *cells, sum(r["lost"] for r in rounds)])
        self.say(f"\n## Latency in µs at {rate} queries/s, half of {reference.name}'s peak, `mix`\n")
        self.say(server.markdown(["server", "p50", "p99", "p99.9", "lost"], rows))

    def burst(self):
        count = 50_000 if QUICK else 1_000_000
        words = (self.queries["mix"], "-b", "-n", count, "-o", 50)
        found = self.rounds(lambda one: server.run_load("load", one.port, *words), rounds=1)
        rows = [[name, rounds[0]["sent"], rounds[0]["lost"]] for name, rounds in found.items()]
        self.say("\n## Lost in bursts of 16 × 24\n")
        self.say(server.markdown(["server", "sent", "lost"], rows))

    # --- TCP -----------------------------------------------------------------------------------

    def tcp_measure(self, one, each):
        before = one.usage()
        result = server.run_load("tcp", one.port, self.queries["mix"], "-k", each, "-t",
                                 self.given.seconds)
        total, user = one.usage().since(before)
        result["cpu"] = total / max(result["answered"], 1)
        result["user"] = user / max(result["answered"], 1)
        return result

    def tcp(self):
        servers = [one for one in self.servers if one.name != "floor"]
        if not servers:
            return
        rows = []
        for each in (1, 100):
            found = self.rounds(lambda one, each=each: self.tcp_measure(one, each), servers)
            for name, rounds in found.items():
                cpu = statistics.median(r["cpu"] for r in rounds)
                user = statistics.median(r["user"] for r in rounds)
                rows.append([each, name, f"{cpu:.2f}", f"{user:.2f}", f"{1000 / cpu:.1f}",
                             rate_ratio(found, name, "gdnsd"), rate_ratio(found, name, "knot"),
                             f"{statistics.median(r['qps'] for r in rounds) / 1000:.1f}",
                             sum(r["lost"] for r in rounds)])
        self.say("\n## TCP: 32 connections at a time, `mix`, queries on each connection\n")
        self.say(server.markdown(
            ["each", "server", "CPU µs", "user µs", "k per CPU s", "× gdnsd", "× knot", "k/s",
             "lost"], rows))


def ratio(found, name, other):
    """Median of the rounds' ratios of CPU: neighbours in time are compared."""
    if not found.get(other):
        return "-"
    pairs = zip(found[name], found[other])
    return f"{statistics.median(a['cpu'] / b['cpu'] for a, b in pairs):.3f}"


def rate_ratio(found, name, other):
    if not found.get(other):
        return "-"
    pairs = zip(found[name], found[other])
    return f"{statistics.median(b['cpu'] / a['cpu'] for a, b in pairs):.2f}"


def rcodes(rounds):
    """Shares of rcodes and TC in the first round: do all answer the same?"""
    first = rounds[0]
    total = max(first["answered"], 1)
    words = [f"{code}:{100 * n / total:.0f}%" for code, n in first["rcodes"].items()]
    if first["truncated"]:
        words.append(f"TC:{100 * first['truncated'] / total:.0f}%")
    return " ".join(words)


def main():
    given = arguments()
    server.alone()
    bench = Bench(given)
    begun = time.monotonic()
    try:
        bench.start()
        load = os.getloadavg()[0]
        bench.say(f"{given.rounds} rounds of {given.seconds:g} s, medians; load average at the "
                  f"start {load:.2f}; {time.strftime('%Y-%m-%d %H:%M')}")
        for part in PARTS:
            if part in given.parts:
                getattr(bench, part)()
    finally:
        bench.stop()
    bench.say(f"in {time.monotonic() - begun:.0f} s")
    world.file_write(f"{server.BENCH}/table.md", bench.text)
    return 0


if __name__ == "__main__":
    sys.exit(main())
