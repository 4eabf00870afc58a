"""The mathematics of dimfree: pure functions of arrays in float64. No files, no clock, no global random state."""

import sys

if sys.version_info < (3, 11):  # noqa: UP036
    print(f"dimfree: needs Python 3.11 or later, and this is {sys.version.split()[0]}", file=sys.stderr)
    raise SystemExit(2)
