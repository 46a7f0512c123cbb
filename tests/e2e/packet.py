"""Queries and replies as octets: what dnspython would hide or tidy up."""

import ipaddress
import os
import random
import socket
import struct

import dns.edns
import dns.flags
import dns.message
import dns.name
import dns.rdataclass
import dns.rdatatype

dns.edns.register_type(dns.edns.GenericOption, 8)  # dnspython's own knows no family 0
ORIGIN = dns.name.from_text("clamav.net.")
TYPE_OPT = 41
OPTION_NSID, OPTION_SUBNET = 3, 8


def full_name(name):
    """A name in the text form of a zone file: relative to clamav.net unless it ends in a dot."""
    return ORIGIN if name == "@" else dns.name.from_text(name, ORIGIN)


def question(name, kind="A", kind_class="IN"):
    number = kind if isinstance(kind, int) else dns.rdatatype.from_text(kind)
    number_class = kind_class if isinstance(kind_class, int) else dns.rdataclass.from_text(kind_class)
    return full_name(name).to_wire() + struct.pack("!HH", number, number_class)


def option(code, octets=b""):
    return struct.pack("!HH", code, len(octets)) + octets


def subnet(text, scope=0):
    """The ECS option of "address/length", shortened to the octets that the prefix needs."""
    address, _, length = text.partition("/")
    address = ipaddress.ip_address(address)
    length = int(length) if length else address.max_prefixlen
    mask = (1 << address.max_prefixlen) - (1 << address.max_prefixlen - length)
    octets = (int(address) & mask).to_bytes(address.max_prefixlen // 8, "big")[: (length + 7) // 8]
    family = 1 if address.version == 4 else 2
    return option(OPTION_SUBNET, struct.pack("!HBB", family, length, scope) + octets)


def opt(options=b"", size=1232, version=0, flags=0, owner=b"\0"):
    return owner + struct.pack("!HHBBHH", TYPE_OPT, size, 0, version, flags, len(options)) + options


def query(asked, extra=b"", count=None, flags=0x0100, number=None, counts=None):
    """One query: a question's octets and, after it, `count` records of the additional section."""
    number = random.randrange(65536) if number is None else number
    if counts is None:
        counts = (1, 0, 0, count if count is not None else int(bool(extra)))
    return struct.pack("!HHHHHH", number, flags, *counts) + asked + extra


def parse(octets):
    """A reply as a dnspython message; `raw` has its octets. Raises on anything malformed."""
    clear = bytearray(octets)
    clear[2] &= 0x87  # dnspython reads other opcodes by other rules
    message = dns.message.from_wire(bytes(clear), one_rr_per_rrset=True)
    message.raw = octets
    return message


def opcode(octets):
    return octets[2] >> 3 & 15


def addresses(message, owner=None):
    """The A and AAAA records of an answer, in their order, each once."""
    found = [
        (rrset.name, rrset[0].address)
        for rrset in message.answer
        if rrset.rdtype in (dns.rdatatype.A, dns.rdatatype.AAAA)
    ]
    if owner is not None:
        found = [(name, address) for name, address in found if name == full_name(owner)]
    texts = [address for _, address in found]
    assert len(texts) == len(set(texts)), f"an address twice in {texts}"
    return texts


def rows(section):
    """A section as (owner, type, RDATA) texts, owners relative to clamav.net."""
    return [
        (
            rrset.name.relativize(ORIGIN).to_text().lower(),
            dns.rdatatype.to_text(rrset.rdtype),
            rrset[0].to_text(origin=ORIGIN, relativize=True),
        )
        for rrset in section
    ]


class Subnet:
    """A client subnet option, which must have exactly the octets of its source prefix."""

    def __init__(self, octets):
        self.octets = octets
        self.family, self.source, self.scope = struct.unpack("!HBB", octets[:4])
        assert len(octets) == 4 + (self.source + 7) // 8, octets
        size = 16 if self.family == 2 else 4
        self.address = ipaddress.ip_address(octets[4:].ljust(size, b"\0"))


def ecs(message):
    """The reply's client subnet option, or None."""
    found = [o for o in message.options if o.otype == OPTION_SUBNET]
    assert len(found) <= 1, "two client subnet options"
    return Subnet(found[0].data) if found else None


def scope(message):
    found = ecs(message)
    assert found is not None, f"no client subnet option in {message}"
    return found.scope


def nsid(message):
    found = [o for o in message.options if o.otype == OPTION_NSID]
    return found[0].to_wire() if found else None


class Stream:
    """A TCP connection that sends and receives frames (RFC 1035 4.2.2)."""

    def __init__(self, connection):
        self.connection = connection
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def close(self):
        self.connection.close()

    def send(self, octets):
        self.connection.sendall(octets)

    def send_frame(self, octets):
        self.send(frame(octets))

    def _read(self, size):
        octets = b""
        while len(octets) < size:
            piece = self.connection.recv(size - len(octets))
            if not piece:
                return octets
            octets += piece
        return octets

    def receive(self):
        """The next frame's octets; None: the other end has closed."""
        try:
            head = self._read(2)
            if len(head) < 2:
                assert not head, "the connection ended within a frame's length"
                return None
            size = struct.unpack("!H", head)[0]
            octets = self._read(size)
        except ConnectionResetError:
            return None
        assert len(octets) == size, "the connection ended within a frame"
        return octets

    def ask(self, octets):
        self.send_frame(octets)
        reply = self.receive()
        assert reply is not None, "the server closed the connection instead of answering"
        return parse(reply)


def frame(octets):
    return struct.pack("!H", len(octets)) + octets


def random_name():
    return os.urandom(6).hex()
