"""What lives as long as a snapshot is left alone by the garbage collector.

Looking through all objects of a big archive takes a third of a second, in the middle of a request.
What is set aside still goes when nobody refers to it; only what refers to itself in a circle would
stay, and neither a snapshot nor the list of what may be shown does.  Kept answers are many objects
too, so the collector looks at the young often and at the old seldom.
"""

import gc

YOUNG, MIDDLE, OLD = 20_000, 20, 200  # new objects; rounds of the young; rounds of those


def settle() -> None:
    """Set aside what is in memory now; costs nothing by itself."""
    gc.set_threshold(YOUNG, MIDDLE, OLD)
    gc.freeze()


def release() -> None:
    """Give it back to the collector, before the process ends."""
    gc.unfreeze()
