"""Where two parts meet: a turn that several places share, a reload that is refused while something else has changed,
signals at an awkward moment, a withdrawn name beside a wildcard."""

import signal
import time

import dns.rcode

import packet
from packet import addresses
from world import ZONE, eventually, many_mirrors, mirrors_of

COUNTRIES = "127.0.0.0/8,DE\n192.0.2.0/24,PL\n198.51.100.0/24,FR\n"


def first(message):
    return addresses(message)[0]


def test_places_with_one_ipv4_set_share_its_turn(make_world):
    """PL and FR differ in IPv6 alone: asked in turn they are one rotation of the four IPv4 addresses."""
    mirrors = [*mirrors_of("DE", 4, "198.18.1"), *mirrors_of("PL", 1, "2001:db8:1:"), *mirrors_of("FR", 1, "2001:db8:2:")]
    world = make_world(mirrors=mirrors, overrides=COUNTRIES).start()
    places = ["192.0.2.0/24", "198.51.100.0/24"]
    assert addresses(world.ask("db.local", "AAAA", ecs=places[0])) != addresses(world.ask("db.local", "AAAA", ecs=places[1]))
    asked = [first(world.ask("db.local", ecs=places[i % 2])) for i in range(16)]
    for i in range(13):
        assert len(set(asked[i:i + 4])) == 4, asked


def test_a_withdrawn_name_is_not_answered_by_a_wildcard(make_world):
    options = '\ttxt "main.cvd" { file = "main.txt"  max-age = "2h"  stale = "withdraw" }\n'
    zone = ZONE + '*	TXT	"apex"\n*.cvd	TXT	"wild"\n'
    world = make_world(mirrors=mirrors_of("DE", 1, "198.18.1"), zone=zone, zone_options=options)
    world.write("main.txt", f"1:2:3:{int(time.time()) - 9000}\n")
    world.start()
    assert world.ask("other.cvd", "TXT").answer, "the wildcard works"
    message = world.ask("main.cvd", "TXT")
    assert message.rcode() == dns.rcode.NXDOMAIN and not message.answer


def test_a_change_outlives_a_refused_reload(make_world):
    """The export changes while a build runs, then SIGHUP finds a broken configuration."""
    world = make_world(mirrors=mirrors_of("DE", 3, "198.18.1"), zone_options="\tmax-shrink = 100\n").start()
    good = world.path("mirrorns.conf").read_text()
    for i in range(2, 12):
        world.write("dns.txt", f"1:2:{i}:{int(time.time())}\n")
        world.export(mirrors_of("DE", 3, f"198.18.{i}"))
        world.write("mirrorns.conf", good + "}")
        world.kill(signal.SIGHUP)
        eventually(lambda: first(world.ask("db.de")).startswith(f"198.18.{i}."), f"export {i} is served")
        world.write("mirrorns.conf", good)


def test_a_storm_of_reloads(make_world):
    world = make_world(mirrors=mirrors_of("DE", 3, "198.18.1"), workers=4).start()
    for _ in range(400):
        world.kill(signal.SIGHUP)
        time.sleep(0)
        assert world.ask("db.de").answer
    mark = world.mark()
    world.kill(signal.SIGHUP)
    world.wait_log("Reload complete", since=mark)
    assert world.ask("db.de").answer


def test_more_signals_while_it_ends(make_world):
    """A client that does not read holds the end up for a moment; a second signal must not make it worse."""
    world = make_world(mirrors=many_mirrors(400), pools='\tpool "db.*" { from = "label" answers = 0 }\n',
                       workers=2).start()
    with world.tcp() as stream:
        stream.connection.setblocking(False)
        question = packet.query(packet.question("db.us"))
        try:
            while True:
                stream.connection.send(len(question).to_bytes(2, "big") + question)
        except BlockingIOError:
            pass
        world.kill(signal.SIGTERM)
        world.wait_log("Shutting down")
        for number in (signal.SIGHUP, signal.SIGTERM, signal.SIGINT):
            world.kill(number)
        assert world.process.wait(15) == 0
