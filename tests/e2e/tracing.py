"""Threads of a server that are held still, as if they were very slow."""

import contextlib
import ctypes
import os

import pytest

PTRACE_ATTACH, PTRACE_DETACH = 16, 17
ALL_CHILDREN = 0x40000000  # __WALL


def _ptrace(request, thread):
    libc = ctypes.CDLL(None, use_errno=True)
    libc.ptrace.argtypes = [ctypes.c_long, ctypes.c_long, ctypes.c_void_p, ctypes.c_void_p]
    return libc.ptrace(request, thread, None, None) == 0 or ctypes.get_errno()


@contextlib.contextmanager
def held(threads):
    stopped = []
    try:
        for thread in threads:
            if (done := _ptrace(PTRACE_ATTACH, thread)) is not True:
                pytest.skip(f"a thread cannot be held here: {os.strerror(done)}: not run")
            os.waitpid(thread, ALL_CHILDREN)
            stopped.append(thread)
        yield
    finally:
        for thread in stopped:
            _ptrace(PTRACE_DETACH, thread)  # may be gone by now


def reap(thread):
    """Returns when a held one's process has ended, which cannot be waited for before."""
    os.waitpid(thread, ALL_CHILDREN)
