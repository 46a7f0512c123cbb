"""What a name must answer and with which scope, worked out slowly from plain lists."""

import bisect
import ipaddress

CONTINENT = {
    "DE": "EU", "FR": "EU", "PL": "EU", "GB": "EU", "AT": "EU", "LI": "EU", "RU": "EU", "CY": "EU",
    "XK": "EU", "IS": "EU", "US": "NA", "CA": "NA", "MX": "NA", "JP": "AS", "TR": "AS", "KZ": "AS",
    "BR": "SA", "AR": "SA", "ZA": "AF", "SH": "AF", "AU": "OC", "NZ": "OC", "AQ": "AN", "KE": "AF",
}
SPECIAL = [ipaddress.ip_network(text) for text in (
    "10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16", "172.16.0.0/12",
    "192.168.0.0/16", "::1/128", "fc00::/7", "fe80::/10")]
MAPPED = ipaddress.ip_network("::ffff:0:0/96")


def in_service(mirrors, place, family):
    """The addresses in service in a country, a continent or the world (None)."""
    found = []
    for entry in mirrors:
        code = entry["country"].upper()
        if entry["state"] in ("ok", "old") and (place is None or place in (code, CONTINENT[code])):
            found += [(address, entry.get("weight", 100)) for address in entry.get(family, [])]
    return frozenset(found)


def candidates(mirrors, country, min_members=1):
    """The candidate sets of a client pool with the default fallback: a tuple for each family,
    own members first, then what tops up, level by level."""
    places = [country, CONTINENT[country], None] if country else [None]
    sets = []
    for family in ("ipv4", "ipv6"):
        groups, seen = [], set()
        for place in places:
            level = in_service(mirrors, place, family) - seen
            if level:
                groups.append(frozenset(level))
                seen |= level
            if len(seen) >= min_members:
                break
        sets.append(tuple(groups))
    return tuple(sets)


class Places:
    """One family cut into segments: (first address, outcome), neighbours not yet joined."""

    def __init__(self, version, database, overrides, outcome_of, whole=None):
        self.bits = 32 if version == 4 else 128
        layers = [(n, c) for n, c in self.sorted(database, version)]
        layers += [(n, "special") for n in SPECIAL if n.version == version]
        layers += [(n, c) for n, c in self.sorted(overrides, version)]
        if version == 6:
            layers.append((MAPPED, "mapped"))
        edges = {0}
        for network, _ in layers:
            edges |= {int(network.network_address), int(network.broadcast_address) + 1}
        self.starts = sorted(edge for edge in edges if edge < 1 << self.bits)
        self.country = [self.last(layers, start) for start in self.starts]
        self.outcome = [
            whole if word == "mapped" and whole is not None
            else word if word in ("special", "mapped") else outcome_of(word)
            for word in self.country
        ]

    @staticmethod
    def sorted(networks, version):
        parsed = [(ipaddress.ip_network(text), code) for text, code in networks]
        return sorted((pair for pair in parsed if pair[0].version == version),
                      key=lambda pair: pair[0].prefixlen)

    def last(self, layers, start):
        """The country that the last layer over an address names: the most specific one."""
        address = ipaddress.IPv4Address(start) if self.bits == 32 else ipaddress.IPv6Address(start)
        names = [code for network, code in layers if address in network]
        return names[-1] if names else None

    def index(self, number):
        return bisect.bisect_right(self.starts, number) - 1

    def is_uniform(self, number, length):
        size = 1 << (self.bits - length)
        first = number & ~(size - 1)
        here = self.index(first)
        there = self.index(first + size - 1)
        return all(self.outcome[i] == self.outcome[here] for i in range(here, there + 1))

    def scope(self, number):
        """The widest prefix around an address in which the outcome is the same."""
        return next(n for n in range(self.bits + 1) if self.is_uniform(number, n))


class Oracle:
    """Address to (country or "special", scope), for one pool over one export. `ipv4_below`: an IPv6
    database has its IPv4 networks below ::/96, so these IPv6 addresses have those countries too."""

    def __init__(self, mirrors, database, overrides=(), min_members=1, ipv4_below=True):
        def outcome_of(country):
            return candidates(mirrors, country, min_members)

        self.ipv4 = Places(4, database, overrides, outcome_of)
        whole = self.ipv4.outcome[0] if len(set(self.ipv4.outcome)) == 1 else None
        below = [(f"::{network.network_address}/{network.prefixlen + 96}", country)
                 for network, country in Places.sorted(database, 4)] if ipv4_below else []
        self.ipv6 = Places(6, [*database, *below], overrides, outcome_of, whole)

    def find(self, address):
        """The country ("special" where the source decides) and the scope of an address."""
        address = ipaddress.ip_address(address)
        if address.version == 6 and address in MAPPED:
            country, scope = self.find(address.ipv4_mapped)
            return country, scope + 96
        places = self.ipv4 if address.version == 4 else self.ipv6
        return places.country[places.index(int(address))], places.scope(int(address))

    def edges(self, version):
        """Addresses at and beside every border: where scopes go wrong first."""
        places = self.ipv4 if version == 4 else self.ipv6
        kind = ipaddress.IPv4Address if version == 4 else ipaddress.IPv6Address
        top = (1 << places.bits) - 1
        found = {min(max(start + step, 0), top) for start in places.starts for step in (-1, 0, 1)}
        return [kind(number) for number in sorted(found)]
