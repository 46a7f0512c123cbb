"""`socket-affinity`: a packet is answered on the CPU that it arrived on."""

import os

import pytest

import packet
from packet import addresses
from world import eventually, mirrors_of

MIRRORS = mirrors_of("DE", 3, "198.18.1")


def threads(world):
    """{thread: the CPUs it may run on}"""
    found = {}
    for task in os.listdir(f"/proc/{world.process.pid}/task"):
        with open(f"/proc/{world.process.pid}/task/{task}/status", encoding="ascii") as file:
            lines = dict(line.split(":\t", 1) for line in file if ":\t" in line)
        found[int(task)] = lines["Cpus_allowed_list"].strip()
    return found


def run_ns(world, task):
    with open(f"/proc/{world.process.pid}/task/{task}/schedstat", encoding="ascii") as file:
        return int(file.read().split()[0])


def ask_from(world, cpu, times):
    """Loopback receives on the CPU that sends; a new port each time would spread without affinity."""
    before = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {cpu})
    try:
        for _ in range(times):
            with world.udp() as connection:
                connection.send(packet.query(packet.question("db.de.clamav.net.")))
                assert connection.recv(65535)
    finally:
        os.sched_setaffinity(0, before)


def test_a_packet_stays_on_its_cpu(make_world):
    cpus = sorted(os.sched_getaffinity(0))[:2]
    if len(cpus) < 2:
        pytest.skip("one CPU is all there is here")
    world = make_world(mirrors=MIRRORS, workers=2, socket_affinity=True).start()
    workers = {cpu: task for task, allowed in threads(world).items() for cpu in cpus
               if allowed == str(cpu)}
    assert sorted(workers) == cpus, "a worker is bound to each CPU"
    for cpu in cpus:
        other = workers[cpus[0] + cpus[1] - cpu]
        before = run_ns(world, workers[cpu]), run_ns(world, other)
        ask_from(world, cpu, 300)
        here, there = run_ns(world, workers[cpu]) - before[0], run_ns(world, other) - before[1]
        assert there < here / 10, f"CPU {cpu}: {here} ns on it, {there} ns beside it"


def test_without_it_threads_are_free(make_world):
    world = make_world(mirrors=MIRRORS, workers=2).start()
    allowed = set(threads(world).values())
    assert len(allowed) == 1 and addresses(world.ask("db.de"))


def test_more_workers_than_cpus(make_world):
    """Speed is what it is for: without it all is served."""
    workers = len(os.sched_getaffinity(0)) + 1
    world = make_world(mirrors=MIRRORS, workers=workers, socket_affinity=True).start()
    world.wait_log(f"socket-affinity needs one CPU per worker, workers = {workers}",
                   "distributes packets by address hash")
    assert len(set(threads(world).values())) == 1
    eventually(lambda: addresses(world.ask("db.de")), "an answer")
