"""A network and mount namespace of the test's own: port 53, addresses and resolv.conf."""

import ctypes
import os
import subprocess
import threading

import pytest

CLONE_NEWNET = 0x40000000


class Namespace:
    """Lives as long as its holder, a cat that waits for its standard input to end."""

    def __init__(self, script=""):
        lines = ["set -e", "ip link set lo up", script, "echo ready", "exec cat"]
        self.holder = subprocess.Popen(
            ["unshare", "-n", "-m", "--propagation", "private", "sh", "-c", "\n".join(lines)],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        if self.holder.stdout.readline() != "ready\n":
            why = self.holder.communicate()[1].strip()
            pytest.skip(f"no namespace of our own here: {why}")
        self.enter = ["nsenter", "-t", str(self.holder.pid), "-n", "-m", "--"]

    def call(self, work):
        """Runs `work` in a thread inside the network namespace; sockets made there stay in it."""
        result = []

        def inside():
            libc = ctypes.CDLL(None, use_errno=True)
            with open(f"/proc/{self.holder.pid}/ns/net", "rb") as file:
                if libc.setns(file.fileno(), CLONE_NEWNET):
                    result.append(OSError(ctypes.get_errno(), "setns"))
                    return
            try:
                result.append(work())
            except OSError as error:
                result.append(error)

        thread = threading.Thread(target=inside)
        thread.start()
        thread.join()
        if isinstance(result[0], OSError):
            raise result[0]
        return result[0]

    def close(self):
        self.holder.communicate()


def required():
    """Skips, saying so, where a namespace cannot be made."""
    if os.geteuid() != 0:
        pytest.skip("a network namespace needs root: not run")
