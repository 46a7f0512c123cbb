"""Levels, top-up, families, weights, rotation: who is in an answer, and who stands first."""

import collections
import itertools
import math

import dns.flags
import dns.rcode
import dns.rdatatype
import pytest

import packet
from packet import addresses
from world import ZONE, eventually, many_mirrors, mirror, mirrors_of


def pool_world(make_world, mirrors, pools, **files):
    return make_world(mirrors=mirrors, pools=pools, **files).start()


def label_world(make_world, mirrors, options=""):
    return pool_world(make_world, mirrors, f'\tpool "db.*" {{ from = "label" {options} }}\n')


def v4(count, block):
    return {f"{block}.{i}" for i in range(1, count + 1)}


def is_nodata(message):
    return message.rcode() == 0 and not message.answer and bool(message.authority)


EUROPE = [
    *mirrors_of("DE", 1, "198.18.1"), *mirrors_of("FR", 2, "198.18.2"),
    *mirrors_of("PL", 2, "198.18.3", state="old"), *mirrors_of("US", 3, "198.18.4"),
    *mirrors_of("FR", 1, "2001:db8:2:"), *mirrors_of("US", 2, "2001:db8:4:"),
]
EU = v4(1, "198.18.1") | v4(2, "198.18.2") | v4(2, "198.18.3")
WORLD = EU | v4(3, "198.18.4")


# --- levels ------------------------------------------------------------------------------------


def test_levels(make_world):
    world = label_world(make_world, EUROPE)
    assert world.members("db.de") == v4(1, "198.18.1"), "level 1: the country, no more"
    assert world.members("db.at") == EU, "its continent"
    assert world.members("db.za") == WORLD, "no mirror in Africa: the world"
    assert world.members("db.de", "AAAA") == {"2001:db8:2::1"}, "AAAA walks the levels for itself"
    assert world.members("db.za", "AAAA") == {"2001:db8:2::1", "2001:db8:4::1", "2001:db8:4::2"}


@pytest.mark.parametrize("fallback, label, expected", [
    ('{"country:FR", "world"}', "at", v4(2, "198.18.2")),
    ('{"country:AT", "country:PL"}', "at", v4(2, "198.18.3")),
    ('{"continent:NA"}', "at", v4(3, "198.18.4")),
    ('{"world"}', "at", WORLD),
    ('{"continent"}', "za", None),
    ("{}", "at", None),
    ("{}", "fr", v4(2, "198.18.2")),
    ('{"continent", "country:US"}', "za", v4(3, "198.18.4")),
])
def test_fallback(make_world, fallback, label, expected):
    world = label_world(make_world, EUROPE, f"fallback = {fallback}")
    message = world.ask(f"db.{label}", tcp=True)
    if expected is None:
        assert is_nodata(message)
    else:
        assert set(addresses(message)) == expected


@pytest.mark.parametrize("place, expected", [
    ("country:PL", v4(2, "198.18.3")), ("continent:EU", EU), ("world", WORLD),
    ("continent:NA", v4(3, "198.18.4")), ("country:uk", EU), ("country:de", v4(1, "198.18.1")),
])
def test_fixed_places(make_world, place, expected):
    world = pool_world(make_world, EUROPE, f'\tpool "db.some" {{ from = "{place}" }}\n')
    assert world.members("db.some") == expected


def test_client_without_a_country_starts_at_the_world(make_world):
    world = pool_world(make_world, EUROPE, '\tpool "db.local" { from = "client" }\n',
                       networks=[("81.2.69.0/24", "DE")])
    assert set(addresses(world.ask("db.local", ecs="99.0.0.0/24"))) == WORLD
    assert set(addresses(world.ask("db.local", ecs="81.2.69.0/24"))) == v4(1, "198.18.1")


def test_states(make_world):
    mirrors = [
        mirror("ok.example", "DE", "198.18.1.1"),
        mirror("old.example", "DE", "198.18.1.2", state="old"),
        mirror("removed.example", "DE", "198.18.1.3", state="removed"),
        mirror("disabled.example", "DE", "198.18.1.4", state="disabled"),
    ]
    world = label_world(make_world, mirrors)
    assert world.members("db.de") == {"198.18.1.1", "198.18.1.2"}
    assert world.members("db.jp") == {"198.18.1.1", "198.18.1.2"}


# --- top-up ------------------------------------------------------------------------------------


def test_top_up(make_world):
    """The country's one mirror is first in every answer; the rest rotates over all of Europe."""
    world = label_world(make_world, EUROPE, "min-members = 3 answers = 3")
    seen = collections.Counter()
    for _ in range(40):
        found = addresses(world.ask("db.de"))
        assert found[0] == "198.18.1.1" and len(found) == 3
        seen.update(found[1:])
    assert set(seen) == EU - {"198.18.1.1"}
    assert all(18 <= count <= 22 for count in seen.values()), seen


def test_top_up_fills_up_to_answers(make_world):
    world = label_world(make_world, EUROPE, "min-members = 2")
    assert world.members("db.de") == EU, "the places up to `answers` take the whole next level"
    assert world.members("db.fr") == v4(2, "198.18.2"), "enough of its own"


def test_top_up_over_further_levels(make_world):
    world = label_world(make_world, EUROPE, "min-members = 6 answers = 0")
    for _ in range(10):
        found = addresses(world.ask("db.fr"))
        assert set(found[:2]) == v4(2, "198.18.2"), "own members take the first places"
        assert set(found[2:5]) == EU - v4(2, "198.18.2"), "then the continent's"
        assert set(found[5:]) == v4(3, "198.18.4"), "then the world's"
    firsts = world.firsts(10, "db.fr")
    assert set(zip(firsts, firsts[1:])) == {("198.18.2.1", "198.18.2.2"), ("198.18.2.2", "198.18.2.1")}


# --- families and failing ----------------------------------------------------------------------


def test_family_fallback(make_world):
    pools = """\
	pool "db.*" { from = "label" }
	pool "together.*" { from = "label" family-fallback = "together" }
"""
    world = pool_world(make_world, EUROPE, pools)
    assert world.members("db.de", "AAAA") == {"2001:db8:2::1"}
    assert is_nodata(world.ask("together.de", "AAAA")), "IPv4 decided at level 1"
    assert world.members("together.de") == v4(1, "198.18.1")
    assert world.members("together.at") == EU
    assert world.members("together.at", "AAAA") == {"2001:db8:2::1"}


def test_families(make_world):
    pools = """\
	pool "db.*.ipv6" { from = "label" families = {"ipv6"} }
	pool "db.*.ipv4" { from = "label" families = {"ipv4"} }
"""
    world = pool_world(make_world, EUROPE, pools)
    assert world.members("db.us.ipv6", "AAAA") == {"2001:db8:4::1", "2001:db8:4::2"}
    assert is_nodata(world.ask("db.us.ipv6", "A"))
    assert world.members("db.us.ipv4") == v4(3, "198.18.4")
    assert is_nodata(world.ask("db.us.ipv4", "AAAA"))


DOWN = [
    mirror("a.example", "DE", "198.18.1.1", "2001:db8::1", state="removed"),
    mirror("b.example", "DE", "198.18.1.2", state="disabled"),
    mirror("c.example", "FR", "198.18.1.3", state="removed"),
    mirror("d.example", "JP", "198.18.1.4"),
]


def test_fail_open_and_closed(make_world):
    pools = """\
	pool "open.*" { from = "label" fallback = {} }
	pool "closed.*" { from = "label" fallback = {} fail = "closed" }
	pool "db.*" { from = "label" }
"""
    world = pool_world(make_world, DOWN, pools)
    assert world.members("open.de") == {"198.18.1.1"}, "the removed ones, never the disabled"
    assert world.members("open.de", "AAAA") == {"2001:db8::1"}
    assert is_nodata(world.ask("closed.de"))
    assert world.members("open.jp") == {"198.18.1.4"}
    assert is_nodata(world.ask("open.jp", "AAAA")), "one family is in service: no failing open"
    assert world.members("db.de") == {"198.18.1.4"}, "a level with a member in service comes first"


def test_all_mirrors_down(make_world):
    mirrors = [entry for entry in DOWN if entry["country"] != "JP"]
    world = label_world(make_world, mirrors)
    assert world.members("db.de") == {"198.18.1.1"}
    assert world.members("db.jp") == {"198.18.1.1", "198.18.1.3"}


# --- rotation ----------------------------------------------------------------------------------


def assert_strict(firsts, members):
    """Any n successive questions have each of n members first once."""
    n = len(members)
    for start in range(len(firsts) - n + 1):
        assert set(firsts[start:start + n]) == members, firsts[start:start + n]


@pytest.mark.parametrize("n", [1, 2, 3, 4, 5, 8, 13, 40])
def test_strict_round_robin(make_world, n):
    world = label_world(make_world, mirrors_of("DE", n, "198.18.1"))
    assert_strict(world.firsts(4 * n + 3, "db.de"), v4(n, "198.18.1"))


@pytest.mark.parametrize("n", [3, 4, 5, 6, 7, 12])
def test_successors_change(make_world, n):
    """Every other member comes second about equally often, whoever is first."""
    world = label_world(make_world, mirrors_of("DE", n, "198.18.1"))
    pairs = collections.Counter()
    rounds = 2 * n
    for _ in range(rounds * n):
        pairs[tuple(addresses(world.ask("db.de"))[:2])] += 1
    for first in v4(n, "198.18.1"):
        counts = [pairs[first, second] for second in v4(n, "198.18.1") - {first}]
        assert min(counts) >= 1, f"after {first} some never come"
        assert max(counts) <= max(3 * rounds / (n - 1), 2), (first, counts)


def test_successors_in_a_large_pool(make_world):
    """For n > 64 at least 16 different ones come second."""
    n = 100
    world = label_world(make_world, mirrors_of("DE", n, "198.18.1"), "answers = 2")
    seconds = collections.defaultdict(set)
    for _ in range(45 * n):
        first, second = addresses(world.ask("db.de"))
        seconds[first].add(second)
    assert len(seconds) == n and min(map(len, seconds.values())) >= 16


def test_answers_of_more_members(make_world):
    """N of M: distinct, and all equally often in the answer."""
    world = label_world(make_world, mirrors_of("DE", 10, "198.18.1"), "answers = 4")
    seen = collections.Counter()
    for _ in range(300):
        found = addresses(world.ask("db.de"))
        assert len(found) == 4
        seen.update(found)
    assert set(seen) == v4(10, "198.18.1")
    assert all(116 <= count <= 124 for count in seen.values()), seen


@pytest.mark.parametrize("answers", [1, 2, 9, 10, 11, 0])
def test_answers(make_world, answers):
    world = label_world(make_world, mirrors_of("DE", 10, "198.18.1"), f"answers = {answers}")
    for _ in range(25):
        assert len(addresses(world.ask("db.de"))) == min(answers or 10, 10)
    assert_strict(world.firsts(30, "db.de"), v4(10, "198.18.1"))


@pytest.mark.parametrize("weights", [
    (100, 200, 300), (1, 1000, 999), (50, 100), (7, 7, 7), (300, 100, 100, 100)])
def test_weights(make_world, weights):
    """Each has weight / gcd of the first places in every period."""
    divisor = math.gcd(*weights)
    shares = {f"198.18.1.{i}": weight // divisor for i, weight in enumerate(weights)}
    mirrors = [mirror(f"m{i}.example", "DE", f"198.18.1.{i}", weight=weight)
               for i, weight in enumerate(weights)]
    world = label_world(make_world, mirrors)
    period = sum(shares.values())
    firsts = world.firsts(period + min(period, 40), "db.de")
    for start in range(0, len(firsts) - period + 1):
        assert collections.Counter(firsts[start:start + period]) == shares


def test_weights_are_spread(make_world):
    """A heavy member's turns do not come in one run."""
    mirrors = [mirror("a.example", "DE", "198.18.1.1", weight=500),
               *(mirror(f"b{i}.example", "DE", f"198.18.1.{i}", weight=100) for i in range(2, 7))]
    world = label_world(make_world, mirrors)
    firsts = world.firsts(30, "db.de")
    runs = [len(list(run)) for address, run in itertools.groupby(firsts) if address == "198.18.1.1"]
    assert max(runs) <= 3, firsts


def test_whoever_is_first_the_others_are_equal(make_world):
    """Weight is the share of first places; who stands beside a heavy one gains nothing by it."""
    mirrors = mirrors_of("DE", 6, "198.18.1", weight=100)
    mirrors[2]["weight"] = 500
    world = label_world(make_world, mirrors, "answers = 3")
    beside = collections.Counter()
    for _ in range(300):
        first, *others = addresses(world.ask("db.de"))
        beside.update(others if first == "198.18.1.3" else [])
    mean = sum(beside.values()) / 5
    assert len(beside) == 5
    assert all(0.7 * mean < count < 1.3 * mean for count in beside.values()), beside


def test_questions_in_between_change_nothing(make_world):
    """freshclam asks A, then AAAA: neither may skip half of the pool."""
    mirrors = [*mirrors_of("DE", 4, "198.18.1"), *mirrors_of("DE", 4, "2001:db8:1:"),
               *mirrors_of("FR", 2, "198.18.2")]
    world = make_world(mirrors=mirrors, overrides="127.0.0.0/8,DE\n").start()
    a, aaaa, local, behind = [], [], [], []
    for i in range(20):
        a.append(addresses(world.ask("db.de"))[0])
        aaaa.append(addresses(world.ask("db.de", "AAAA"))[0])
        local += world.firsts(1 + i % 3, "db.local")
        world.ask("current.cvd", "TXT")
        world.ask("db.fr")
        world.ask("db.at")
        world.ask("db.de", "MX")
        world.ask("nothing")
        behind.append(addresses(world.ask("db.de.big"))[0])
    assert_strict(a, v4(4, "198.18.1"))
    assert_strict(local, v4(4, "198.18.1"))
    assert_strict(behind, v4(4, "198.18.1"))
    assert_strict(aaaa, {f"2001:db8:1::{i}" for i in range(1, 5)})


def test_udp_and_tcp_share_a_turn(make_world):
    world = make_world(mirrors=mirrors_of("DE", 5, "198.18.1")).start()
    firsts = [addresses(world.ask("db.de", tcp=i % 3 == 0))[0] for i in range(30)]
    assert_strict(firsts, v4(5, "198.18.1"))


def test_a_truncated_answer_takes_no_turn_of_its_own(make_world):
    """A client that is sent to TCP is one client: those that come to TCP see a strict rotation."""
    world = make_world(mirrors=mirrors_of("DE", 40, "198.18.1")).start()
    firsts = []
    for _ in range(45):
        assert world.ask("db.de.big").flags & dns.flags.TC
        firsts.append(addresses(world.ask("db.de.big", tcp=True))[0])
    assert_strict(firsts, v4(40, "198.18.1"))


def test_places_with_the_same_set_share_a_turn(make_world):
    """A turn is for (name, candidate set, family): AT and LI both get Europe's."""
    world = make_world(mirrors=mirrors_of("DE", 6, "198.18.1"), networks=[
        ("81.1.0.0/16", "AT"), ("81.3.0.0/16", "LI"), ("81.5.0.0/16", "JP")]).start()
    firsts = []
    for i in range(24):
        subnet = ("81.1.0.0/24", "81.3.0.0/24")[i % 2]
        firsts.append(addresses(world.ask("db.local", ecs=subnet))[0])
    assert_strict(firsts, v4(6, "198.18.1"))


def test_a_reload_does_not_disturb_turns(make_world):
    world = make_world(mirrors=mirrors_of("DE", 7, "198.18.1")).start()
    firsts = []
    for i in range(6):
        firsts += world.firsts(5, "db.de")
        world.replace("dns.txt", f"changed {i}\n")
        eventually(lambda: b"changed %d" % i in world.ask("current.cvd", "TXT").raw, "the new string")
    assert_strict(firsts, v4(7, "198.18.1"))


def test_turns_start_at_a_random_place(make_world):
    """Restarts don't all send their first clients to one mirror (all four alike: 40^-15)."""
    world = make_world(mirrors=mirrors_of("DE", 40, "198.18.1")).start()
    labels = ("de", "at", "fr", "pl", "li")
    starts = set()
    for _ in range(4):
        starts.add(tuple(world.firsts(1, f"db.{label}")[0] for label in labels))
        world.stop()
        world.start()
    assert len(starts) > 1
    assert any(len(set(start)) > 1 for start in starts), "nor do all names start at the same place"


# --- size --------------------------------------------------------------------------------------


def test_more_than_a_hundred_mirrors(make_world):
    mirrors = many_mirrors(600, ipv6=True)
    world = make_world(mirrors=mirrors).start()
    message = world.ask("db.us.big", tcp=True)
    assert len(addresses(message)) == 600
    assert len(addresses(world.ask("db.us.big", "AAAA", tcp=True))) == 600
    assert world.ask("db.us.big", edns=1232).flags & dns.flags.TC
    assert len(addresses(world.ask("db.us"))) == 8
    assert_strict(world.firsts(610, "db.us"), {m["ipv4"][0] for m in mirrors})


def test_more_addresses_than_a_message_holds(make_world):
    """answers = 0 never exceeds 65,535 octets; then the members rotate, and -t warns."""
    world = make_world(mirrors=many_mirrors(5000))
    warned = world.check()
    assert warned.returncode == 0 and "db.*.big" in warned.stderr + warned.stdout
    world.start()
    message = world.ask("db.us.big", tcp=True)
    assert 64000 < len(message.raw) <= 65535 and len(addresses(message)) > 4000
    asked = packet.query(packet.question("db.us.big"))
    seen = set()
    with world.tcp() as stream:
        for _ in range(1000):  # each answer goes on by one
            stream.send_frame(asked)
            records = stream.receive()[len(asked):]
            found = {records[at:at + 16] for at in range(0, len(records), 16)}
            assert len(found) == len(records) // 16, "an address twice"
            seen |= found
    assert len(seen) == 5000


def test_a_long_chain_before_a_large_pool(make_world):
    """Over TCP nothing is truncated: behind CNAMEs the pool shows as many as fit, and they rotate on."""
    def name(number):
        return ".".join([f"{number}{'x' * 58}"] * 3)

    chain = "".join(f"{name(i)} CNAME {name(i + 1) if i < 10 else 'db.us.big'}\n" for i in range(1, 11))
    world = make_world(mirrors=many_mirrors(5000, ipv6=True), zone=ZONE + chain,
                       overrides="127.0.0.0/8,DE\n", identity="i" * 255).start()
    for kind, size, options in (("A", 16, b""), ("AAAA", 28, b""), ("A", 16, packet.option(packet.OPTION_NSID))):
        for start in (1, 10):
            seen, firsts = set(), set()
            for _ in range(3):
                message = world.ask(name(start), kind, tcp=True, options=options,
                                    ecs="2001:db8::/128" if options else None)
                found = [record for record in message.answer if record.rdtype == dns.rdatatype.from_text(kind)]
                shown = [record[0].address for record in found]
                assert not message.flags & dns.flags.TC and len(message.answer) - len(found) == 11 - start
                assert (65535 - size if start == 1 else 64000) < len(message.raw) <= 65535
                assert len(set(shown)) == len(shown) and {str(one.name)[:10] for one in found} == {"db.us.big."}
                seen |= set(shown)
                firsts.add(shown[0])
            assert len(seen) > len(shown) and len(firsts) == 3
    assert world.ask(name(1), edns=1232).flags & dns.flags.TC


def test_every_country_and_every_label(make_world):
    """All 250 codes and 3 aliases answer as labels of one pattern, and nothing else of two letters."""
    world = make_world(mirrors=EUROPE).start()
    letters = "abcdefghijklmnopqrstuvwxyz"
    labels = [a + b for a in letters for b in letters]
    found = {label for label in labels if world.ask(f"db.{label}").rcode() == dns.rcode.NOERROR}
    assert len(found) == 253
    assert {"uk", "ac", "su", "xk", "de", "tw", "ps"} <= found and not {"eu", "zz", "an"} & found
