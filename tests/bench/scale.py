#!/usr/bin/python3
"""What more mirrors, reloads and idle connections cost mirrorns.

    tests/bench/scale.py [--worlds small,10k,100k] [--renames N] [--reloads N] [--seconds S] [--parts build,start,rename,cpu,reload,idle]

Worlds: the small one of run.py, 250 countries × 40 and × 400 mirrors, all over the full database. QUICK=1 is the small
world and 10k with few repetitions. What is printed goes to build/bench/scale.md too.
"""

import argparse
import json
import os
import shutil
import statistics
import subprocess
import sys
import time

sys.dont_write_bytecode = True

import server
import world

QUICK = os.environ.get("QUICK") == "1"
WORLDS = {"small": world.small_mirrors, "10k": lambda g=0: world.grid_mirrors(40, g),
          "100k": lambda g=0: world.grid_mirrors(400, g)}
PARTS = ("build", "start", "rename", "cpu", "reload", "idle")
SOCKETS = 16  # from as many ports the kernel reaches every worker's socket
RENAME_SECONDS = 60
IDLE = 5000


class Place:
    """A world's files in two generations, and a server on it."""

    def __init__(self, name, directory, database, workers=1, cpu=server.SERVER_CPU):
        self.name, self.generation, self.directory = name, 0, directory
        options = {"workers": workers, "tcp-connections": IDLE + 1000, "tcp-idle": '"1h"'}
        self.exports = []
        for generation in (0, 1):
            path = f"{directory}/generation{generation}.json"
            world.export_write(path, WORLDS[name](generation))
            self.exports.append(path)
        self.one = server.Mirrorns(directory, WORLDS[name](), database, options=options, cpu=cpu)

    def rename(self):
        """The other generation takes the export's place; when, and a look for its addresses."""
        self.generation ^= 1
        fresh = f"{self.directory}/mirrors.json.new"
        shutil.copyfile(self.exports[self.generation], fresh)
        os.rename(fresh, f"{self.directory}/mirrors.json")
        return time.monotonic()

    def is_served(self, reply):
        found = server.addresses(reply) if reply else []
        return found and all(octets[1] >> 4 == self.generation for octets in found)

    def wait_served(self, askers, begun):
        """Seconds until every asker, from either CPU, has seen the present generation."""
        waiting = [(connection, cpu) for connection in askers for cpu in sorted(cpus())]
        while waiting and time.monotonic() < begun + RENAME_SECONDS:
            connection, cpu = waiting[-1]
            os.sched_setaffinity(0, {cpu})
            if self.is_served(server.ask(connection, server.LOCAL)):
                waiting.pop()
            else:
                time.sleep(0.0005)
        os.sched_setaffinity(0, cpus())
        if waiting:
            sys.exit(f"{self.name}: a renamed export is not served after {RENAME_SECONDS} s")
        return time.monotonic() - begun


def cpus():
    return cpus.all


cpus.all = os.sched_getaffinity(0)


def percentile(values, share):
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(len(ordered) * share))]


class Scale:
    def __init__(self, given):
        self.given, self.text, self.places = given, "", []
        self.database, self.queries = world.prepare(server.BENCH)

    def say(self, text):
        print(text, flush=True)
        self.text += text + "\n"

    def table(self, title, head, rows):
        self.say(f"\n## {title}\n\n" + server.markdown(head, rows))

    def place(self, name, part, **named):
        place = Place(name, f"{server.BENCH}/scale/{part}-{name}", self.database, **named)
        self.places.append(place)
        return place

    def stop(self):
        for place in self.places:
            place.one.stop()
        self.places = []

    # --- what a snapshot's build takes, by itself -----------------------------------------------

    def build(self):
        rows = []
        for name in self.given.worlds:
            place = self.place(name, "build")
            done = subprocess.run([f"{server.BENCH}/build", place.one.config, "3" if QUICK else "9"],
                                  cwd=place.one.directory, capture_output=True, text=True, check=True)
            found = json.loads(done.stdout)
            rows.append([name, *(f"{found[key]:.1f}"
                                 for key in ("load_ms", "link_ms", "export_ms", "relink_ms"))])
            self.stop()
        self.table("Snapshot build in ms (medians)", [
            "world", "load all files", "build", "load a new export", "build again"], rows)

    # --- start: to the first answer, and memory -------------------------------------------------

    def start(self):
        rows = []
        for name in self.given.worlds:
            place, seconds = self.place(name, "start", cpu=None), []
            for _ in range(1 if QUICK else 5):
                place.one.stop()
                begun = time.monotonic()
                place.one.start(wait=False).wait_ready(server.LOCAL, pause=0.001)
                seconds.append(time.monotonic() - begun)
            first = place.one.memory()
            for _ in range(2):
                with server.asker(place.one.port) as connection:
                    place.wait_served([connection], place.rename())
            rows.append([name, len(WORLDS[name]()), f"{statistics.median(seconds):.2f}",
                         f"{max(seconds):.2f}", f"{first:.0f}", f"{place.one.memory():.0f}"])
            self.stop()
        self.table("Start to the first answer", ["world", "mirrors", "median s", "worst s",
                                                 "RSS MB", "RSS MB after 2 reloads"], rows)

    # --- rename of the export to all workers serving it -----------------------------------------

    def rename(self):
        rows = []
        for name in self.given.worlds:
            place = self.place(name, "rename", workers=2, cpu=None)
            place.one.start()
            askers = [server.asker(place.one.port) for _ in range(SOCKETS)]
            before, took = place.one.usage(), []
            for _ in range(self.given.renames):
                took.append(1000 * place.wait_served(askers, place.rename()))
                time.sleep(0.05)
            total, _ = place.one.usage().since(before)
            rows.append([name, len(took), f"{percentile(took, 0.5):.0f}",
                         f"{percentile(took, 0.99):.0f}", f"{total / len(took) / 1000:.0f}",
                         f"{place.one.memory():.0f}"])
            for connection in askers:
                connection.close()
            self.stop()
        self.table("Rename of the export to every one of 2 workers serving it",
                   ["world", "renames", "p50 ms", "p99 ms", "CPU ms each", "RSS MB"], rows)

    # --- CPU per query ----------------------------------------------------------------------------

    def measure(self, place, mix):
        before = place.one.usage()
        result = server.run_load("load", place.one.port, self.queries[mix], "-t",
                                 self.given.seconds)
        return place.one.usage().since(before)[0] / max(result["answered"], 1)

    def cpu(self):
        places = [self.place(name, "cpu") for name in self.given.worlds]
        rows = []
        for place in places:
            place.one.start()
        for mix in ("mix", "local"):
            found = {place.name: [] for place in places}
            for _ in range(1 if QUICK else 5):
                for place in places:
                    found[place.name].append(self.measure(place, mix))
            for name, values in found.items():
                ratios = [a / b for a, b in zip(values, found[self.given.worlds[0]])]
                rows.append([mix, name, f"{statistics.median(values):.3f}",
                             f"{statistics.median(ratios):.3f}"])
        self.stop()
        self.table("CPU µs per query", ["mix", "world", "CPU", f"× {self.given.worlds[0]}"], rows)

    # --- reloads under load -------------------------------------------------------------------------

    def reload_run(self, place, words, reloads):
        """Loads until so many reloads are through, or for the time; what the load reports."""
        load = server.start_load("load", place.one.port, self.queries["local"], "-m", *words)
        try:
            with server.asker(place.one.port) as connection:
                for _ in range(reloads):
                    begun = place.rename()
                    while not place.is_served(server.ask(connection, server.LOCAL, 1)):
                        time.sleep(0.005)
                        if time.monotonic() > begun + RENAME_SECONDS:
                            sys.exit(f"{place.name}: a reload under load does not come through")
            if reloads:
                load.send_signal(server.signal.SIGINT)
            return server.json.loads(load.communicate()[0])
        finally:
            load.kill()
            load.wait()

    def reload(self):
        rows = []
        for name in self.given.worlds:
            place = self.place(name, "reload")
            place.one.start()
            peak = server.run_load("load", place.one.port, self.queries["local"], "-t",
                                   self.given.seconds)["qps"]
            rate = int(peak / 2)
            for kind, words in (("full", ()), ("half", ("-r", rate))):
                calm = self.reload_run(place, (*words, "-t", 2 * self.given.seconds), 0)
                busy = self.reload_run(place, (*words, "-t", 3600), self.given.reloads)
                rows.append([name, kind, self.given.reloads, busy["answered"], busy["lost"],
                             busy["mixed"], f"{calm['p99_us']:.0f}", f"{busy['p99_us']:.0f}",
                             f"{busy['p99_us'] / calm['p99_us']:.2f}",
                             f"{busy['p999_us']:.0f}", f"{busy['qps'] / calm['qps']:.3f}"])
            self.stop()
        self.table("Reloads under load (`local`; build and worker share CPU 0)",
                   ["world", "load", "reloads", "answered", "lost", "mixed", "p99 µs without",
                    "p99 µs with", "×", "p99.9 with", "q/s ×"], rows)

    # --- idle connections ---------------------------------------------------------------------------

    def idle(self):
        place = self.place("small", "idle")
        place.one.start()
        rounds, found = 1 if QUICK else 5, {"0": [], str(IDLE): []}
        kept = None
        for _ in range(rounds):
            found["0"].append(self.measure(place, "mix"))
            holder = server.start_load("tcp", place.one.port, "-i", IDLE)
            try:
                holder.stdout.readline()
                found[str(IDLE)].append(self.measure(place, "mix"))
                kept = server.json.loads(holder.communicate()[0])["kept"]
            finally:
                holder.kill()
                holder.wait()
        rows = [[count, f"{statistics.median(values):.3f}"] for count, values in found.items()]
        ratio = statistics.median(b / a for a, b in zip(*found.values()))
        self.stop()
        self.table(f"Idle TCP connections and CPU µs per UDP query (× {ratio:.3f}; {kept} of "
                   f"{IDLE} still open at the end)", ["idle", "CPU"], rows)


def arguments():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--worlds", default="small,10k" if QUICK else ",".join(WORLDS))
    parser.add_argument("--renames", type=int, default=5 if QUICK else 50)
    parser.add_argument("--reloads", type=int, default=5 if QUICK else 100)
    parser.add_argument("--seconds", type=float, default=0.5 if QUICK else 2.0)
    parser.add_argument("--parts", default=",".join(PARTS))
    given = parser.parse_args()
    given.worlds, given.parts = given.worlds.split(","), given.parts.split(",")
    if set(given.worlds) - set(WORLDS) or set(given.parts) - set(PARTS):
        parser.error(f"--worlds: {' '.join(WORLDS)}; --parts: {' '.join(PARTS)}")
    return given


def main():
    given = arguments()
    server.alone()
    scale, begun = Scale(given), time.monotonic()
    try:
        for part in PARTS:
            if part in given.parts:
                getattr(scale, part)()
    finally:
        scale.stop()
    scale.say(f"in {time.monotonic() - begun:.0f} s; load average {os.getloadavg()[0]:.2f}")
    world.file_write(f"{server.BENCH}/scale.md", scale.text)
    return 0


if __name__ == "__main__":
    sys.exit(main())
