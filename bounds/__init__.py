"""The mathematics of dimfree: pure functions of arrays in float64. No files, no clock, no global random state."""

import os
import sys

if sys.version_info < (3, 11):  # noqa: UP036
    print(f"dimfree: needs Python 3.11 or later, and this is {sys.version.split()[0]}", file=sys.stderr)
    raise SystemExit(2)

try:
    int(os.environ.get("SOURCE_DATE_EPOCH", "0"))
except ValueError:
    # numpy.f2py, which scipy and statsmodels come to import, reads it as a number or ends in a traceback.
    del os.environ["SOURCE_DATE_EPOCH"]
