"""Country databases (MaxMind DB format 2.0) that the tests write themselves."""

import ipaddress

MARKER = b"\xab\xcd\xefMaxMind.com"
EXTENDED = {"uint64": 9, "array": 11}


def _control(kind, size):
    """A control byte; sizes of 29 and more have one octet more, of 285 and more two."""
    if size >= 285:
        short, extra = 30, (size - 285).to_bytes(2, "big")
    else:
        short, extra = min(size, 29), b"" if size < 29 else bytes([size - 29])
    if kind > 7:
        return bytes([short, kind - 7]) + extra
    return bytes([kind << 5 | short]) + extra


def _number(kind, value):
    octets = value.to_bytes((value.bit_length() + 7) // 8, "big")
    return _control(kind, len(octets)) + octets


def encode(value):
    """A value of the data section: str, dict, list, or (kind, number)."""
    if isinstance(value, str):
        octets = value.encode()
        return _control(2, len(octets)) + octets
    if isinstance(value, dict):
        pairs = b"".join(encode(k) + encode(v) for k, v in value.items())
        return _control(7, len(value)) + pairs
    if isinstance(value, list):
        return _control(EXTENDED["array"], len(value)) + b"".join(map(encode, value))
    kind, number = value
    return _number({"uint16": 5, "uint32": 6, "uint64": 9}[kind], number)


class Tree:
    """The search tree: a node is [left, right]; a side is None, a node or a country."""

    def __init__(self, bits):
        self.bits = bits
        self.root = [None, None]

    def add(self, prefix, length, country):
        node = self.root
        for depth in range(length):
            side = prefix >> (self.bits - 1 - depth) & 1
            if depth == length - 1:
                node[side] = country
                return
            if not isinstance(node[side], list):
                node[side] = [node[side], node[side]]
            node = node[side]
        self.root = [country, country]

    def nodes(self):
        found, number = [self.root], {id(self.root): 0}
        for node in found:
            for side in node:
                if isinstance(side, list):
                    number[id(side)] = len(found)
                    found.append(side)
        return found, number


def _pack(left, right, size):
    if size == 28:
        middle = left >> 24 << 4 | right >> 24
        low, high = (side & 0xFFFFFF for side in (left, right))
        return low.to_bytes(3, "big") + bytes([middle]) + high.to_bytes(3, "big")
    return left.to_bytes(size // 8, "big") + right.to_bytes(size // 8, "big")


def _tree_of(networks, ip_version):
    tree = Tree(128 if ip_version == 6 else 32)
    parsed = [(ipaddress.ip_network(text), country) for text, country in networks]
    for network, country in sorted(parsed, key=lambda pair: pair[0].prefixlen):
        shift = 96 if ip_version == 6 and network.version == 4 else 0
        if network.version == 6 and ip_version == 4:
            continue
        tree.add(int(network.network_address), network.prefixlen + shift, country)
    return tree


def _data_of(countries, flat):
    """The data section, and where in it each country's record is."""
    data, offset = b"", {}
    for country in countries:
        offset[country] = len(data)
        if flat:
            data += encode({"country_code": country})
        else:
            country_map = {"geoname_id": ("uint32", 7), "iso_code": country}
            data += encode({"continent": {"code": "??"}, "country": country_map})
    return data, offset


def write(networks, record_size=24, ip_version=6, flat=False, **more):
    """The octets of a database; networks are (CIDR text, code) pairs, most specific wins; `more`
    goes into the metadata."""
    tree = _tree_of(networks, ip_version)
    nodes, number = tree.nodes()
    data, offset = _data_of(sorted({country for _, country in networks}), flat)

    def record(side):
        if side is None:
            return len(nodes)
        return number[id(side)] if isinstance(side, list) else len(nodes) + 16 + offset[side]

    packed = b"".join(_pack(record(node[0]), record(node[1]), record_size) for node in nodes)
    metadata = {
        "binary_format_major_version": ("uint16", 2),
        "binary_format_minor_version": ("uint16", 0),
        "build_epoch": ("uint64", 1700000000),
        "database_type": "Test-Country",
        "description": {"en": "written by the tests"},
        "ip_version": ("uint16", ip_version),
        "languages": ["en"],
        "node_count": ("uint32", len(nodes)),
        "record_size": ("uint16", record_size),
        **more,
    }
    return packed + bytes(16) + data + MARKER + encode(metadata)
