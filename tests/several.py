"""Several command lines in one process, where what differs is what they say and not how they start:

python -m tests.several list : explain class-collapse : list --json

Each is followed by a line on standard output, a mark and its exit code.
"""

import sys
from itertools import groupby

import dimfree

BETWEEN = ":"
MARK = b"\n--- exit "


def split(said: bytes) -> list[tuple[int, bytes]]:
    """What a process of these said: (exit code, words) of each command."""
    *parts, rest = said.split(MARK)
    codes = [int(part.partition(b"\n")[0]) for part in [*parts[1:], rest]]
    words = [parts[0], *(part.partition(b"\n")[2] for part in parts[1:])]
    return list(zip(codes, words, strict=True))


def main() -> None:
    """Runs them one after the other."""
    for between, words in groupby(sys.argv[1:], lambda word: word == BETWEEN):
        if not between:
            try:
                code = dimfree.main(list(words))
            except SystemExit as stop:  # how argparse ends
                code = int(stop.code or 0)
            sys.stdout.flush()
            sys.stdout.buffer.write(MARK + f"{code}\n".encode())
            sys.stdout.flush()


if __name__ == "__main__":
    main()
