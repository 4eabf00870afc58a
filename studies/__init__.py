"""Measurement: studies, the machine that runs them, and what is on disk."""

import sys

try:
    import fcntl  # noqa: F401
except ImportError:
    print("dimfree: studies need a POSIX system (Linux, macOS, or WSL on Windows)", file=sys.stderr)
    raise SystemExit(2) from None
