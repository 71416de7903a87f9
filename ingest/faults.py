"""Named places, before and after each step, where a test can have a worker die, stop or hang.

Invariant: without the variable nothing happens.  It is read here and nowhere else.
"""

import os
import signal
import time

_VARIABLE = "SEMINAR_TEST_FAULT"  # "die", "stop" or "hang" with a place: "die before commit"


def place(name: str) -> None:
    """Do here what the variable says: die like a crash, stop like a stalled process, or hang."""
    wanted = os.environ.get(_VARIABLE)
    if wanted is None:
        return
    deed, _, where = wanted.partition(" ")
    if where != name:
        return
    if deed == "die":
        os.kill(os.getpid(), signal.SIGKILL)
    elif deed == "stop":
        os.kill(os.getpid(), signal.SIGSTOP)
    else:
        while True:
            time.sleep(0.1)
