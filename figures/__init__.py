"""Figures: tables in, pictures out."""

import os
import sys
from contextlib import suppress

# A notebook hands the name of its backend down to what it starts (`!dimfree`). Where there is no
# such backend, matplotlib refuses to be imported; nothing here is shown on a screen, so it does
# without, and otherwise gets what it would have got.
if "matplotlib" not in sys.modules:
    backend = os.environ.pop("MPLBACKEND", None)
    try:
        import matplotlib
    finally:
        if backend is not None:
            os.environ["MPLBACKEND"] = backend
    if backend:
        with suppress(ValueError):
            matplotlib.rcParams["backend"] = backend
