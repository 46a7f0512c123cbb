"""Threads of a program that are held still, as if they were very slow, for a while or at a certain system call."""

import contextlib
import ctypes
import os
import signal
import threading

import pytest

PTRACE_TRACEME, PTRACE_ATTACH, PTRACE_DETACH, PTRACE_SYSCALL = 0, 16, 17, 24
ALL_CHILDREN = 0x40000000  # __WALL


def _ptrace(request, thread, number=None):
    libc = ctypes.CDLL(None, use_errno=True)
    libc.ptrace.argtypes = [ctypes.c_long, ctypes.c_long, ctypes.c_void_p, ctypes.c_void_p]
    return libc.ptrace(request, thread, None, number) == 0 or ctypes.get_errno()


def trace_me():
    """In a child, before its program begins: it stands still there for the thread that has started it."""
    if (done := _ptrace(PTRACE_TRACEME, 0)) is not True:
        raise OSError(done, os.strerror(done))


def wait_step(thread):
    """It stands still at its next step; False: it has ended."""
    _, status = os.waitpid(thread, ALL_CHILDREN)
    return os.WIFSTOPPED(status) and os.WSTOPSIG(status)


def steps(thread):
    """Goes on from system call to system call, which it is about to do or has done, until it ends."""
    stopped = wait_step(thread)
    while stopped:
        yield
        _ptrace(PTRACE_SYSCALL, thread, None if stopped in (signal.SIGTRAP, signal.SIGSTOP) else stopped)
        stopped = wait_step(thread)


class Stand:
    """A thread goes on until a condition holds, and then stands still until end()."""

    def __init__(self, thread, condition):
        self.traced, self.ended, self.error = threading.Event(), threading.Event(), None
        self.work = threading.Thread(target=self.run, args=(thread, condition))
        self.work.start()
        self.traced.wait()
        if self.error:
            self.end()
            pytest.skip(f"a thread cannot be held here: {os.strerror(self.error)}: not run")

    def run(self, thread, condition):
        done = _ptrace(PTRACE_ATTACH, thread)
        self.error = None if done is True else done
        self.traced.set()
        if self.error:
            return
        for _ in steps(thread):
            if condition() or self.ended.is_set():
                break
        self.ended.wait()
        _ptrace(PTRACE_DETACH, thread)

    def end(self):
        self.ended.set()
        self.work.join()


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
