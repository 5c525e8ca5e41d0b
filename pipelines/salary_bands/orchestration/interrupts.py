"""Interrupts of a run: which errors are one, and those that Python would swallow."""

import os
import signal
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager

INTERRUPTS = ("DagsterExecutionInterruptedError", "KeyboardInterrupt")
_A_MOMENT = 0.05  # seconds, in which the callback that was interrupted ends


@contextmanager
def swallowed_interrupts_again() -> Iterator[None]:
    """Interrupt once more whenever Python swallows an interrupt.

    The handler of a signal runs between any two instructions of the main thread, also in a finaliser or in a callback
    of a weak reference. Python prints an exception raised there and goes on, and the run would end well although it
    was asked to stop.
    """

    def again(swallowed: "sys.UnraisableHookArgs") -> None:
        if swallowed.exc_type.__name__ in INTERRUPTS:
            threading.Timer(_A_MOMENT, os.kill, (os.getpid(), signal.SIGINT)).start()
        else:
            before(swallowed)

    before = sys.unraisablehook
    sys.unraisablehook = again
    try:
        yield
    finally:
        sys.unraisablehook = before
