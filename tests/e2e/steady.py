"""A steady load while servers change: UDP from many ports, TCP with a connection for each query, and TCP on connections that
stay. `steady.py PORT [HOST …]` asks until its standard input ends, then prints what it counted."""

import json
import select
import socket
import struct
import sys
import threading
import time

import packet

SOCKETS, OUTSTANDING, LOST_AFTER = 16, 8, 5.0
ASKED = packet.query(packet.question("db.de"), packet.opt())


class Steady:
    def __init__(self, port, hosts=("127.0.0.1",)):
        self.port = port
        self.hosts = hosts
        self.ended = False
        self.counts = dict.fromkeys(
            ("udp", "udp_lost", "tcp", "tcp_lost", "tcp_reset", "kept", "kept_reset", "kept_ended"), 0)
        self.worst = 0.0

    def udp(self):
        sockets, waiting, number = {}, {}, 0
        for i in range(SOCKETS):
            host = self.hosts[i % len(self.hosts)]
            family = socket.AF_INET6 if ":" in host else socket.AF_INET
            connection = socket.socket(family, socket.SOCK_DGRAM)
            connection.connect((host, self.port))
            connection.setblocking(False)
            sockets[connection] = 0
        while not self.ended or waiting:
            for connection, outstanding in sockets.items():
                for _ in range(0 if self.ended else OUTSTANDING - outstanding):
                    number = (number + 1) % 65536
                    connection.send(struct.pack("!H", number) + ASKED[2:])
                    waiting[connection, number] = time.monotonic()
                    sockets[connection] += 1
                    self.counts["udp"] += 1
            for connection in select.select(list(sockets), [], [], 0.05)[0]:
                self.receive(connection, sockets, waiting)
            now = time.monotonic()
            for key in [key for key, since in waiting.items() if now - since > LOST_AFTER]:
                del waiting[key]
                sockets[key[0]] -= 1
                self.counts["udp_lost"] += 1

    def receive(self, connection, sockets, waiting):
        while True:
            try:
                octets = connection.recv(65535)
            except BlockingIOError:
                return
            since = waiting.pop((connection, struct.unpack("!H", octets[:2])[0]), None)
            if since:
                sockets[connection] -= 1
                self.worst = max(self.worst, time.monotonic() - since)

    def connect(self):
        host = self.hosts[self.counts["tcp"] % len(self.hosts)]
        return packet.Stream(socket.create_connection((host, self.port), timeout=LOST_AFTER))

    def tcp(self):
        """A connection for each query."""
        while not self.ended:
            self.counts["tcp"] += 1
            try:
                with self.connect() as stream:
                    stream.connection.sendall(packet.frame(ASKED))
                    head = stream.connection.recv(2)
                    self.counts["tcp_lost"] += not head
            except TimeoutError:
                self.counts["tcp_lost"] += 1
            except OSError:
                self.counts["tcp_reset"] += 1
            time.sleep(0.002)  # what is measured is the change of servers, not the machine

    def kept(self):
        """One query after the other on a connection, until the server ends it: an end is fair, a reset is not."""
        stream = self.connect()
        while not self.ended:
            self.counts["kept"] += 1
            try:
                stream.connection.sendall(packet.frame(ASKED))
                size = stream.connection.recv(2, socket.MSG_WAITALL)
                if not size:
                    self.counts["kept_ended"] += 1
                    stream = self.connect()
                    continue
                stream.connection.recv(struct.unpack("!H", size)[0], socket.MSG_WAITALL)
            except OSError:
                self.counts["kept_reset"] += 1
                stream = self.connect()
            time.sleep(0.002)

    def run(self):
        threads = [threading.Thread(target=work) for work in (self.udp, self.tcp, self.kept)]
        for thread in threads:
            thread.start()
        print("ready", flush=True)
        sys.stdin.read()
        self.ended = True
        for thread in threads:
            thread.join()
        return {**self.counts, "worst_ms": round(1000 * self.worst)}


if __name__ == "__main__":
    print(json.dumps(Steady(int(sys.argv[1]), sys.argv[2:] or ("127.0.0.1",)).run()))
