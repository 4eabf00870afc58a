"""What leaves the program: files that are there whole
or not at all, and words on the standard streams.

Results never depend on what can be printed. Where a command's result is a file, words are a
courtesy (`mention`, `note`) and their loss changes nothing; where it is the words themselves
(`tell`), their loss is an error.
"""

import codecs
import errno
import os
import secrets
import select
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO, Any, TextIO

from bounds.check import InvalidInput

LIFE_OF_A_DRAFT = 3600.0  # seconds without a write after which a draft has no writer any more

# --- files ----------------------------------------------------------------------------------------

REMEDIES = {
    errno.ENOSPC: "make room, or choose another --out",
    errno.EDQUOT: "make room, or choose another --out",
    errno.EROFS: "choose another --out",
    errno.ENOLCK: "that file system has no locks; choose another --out, on a local disk",
    errno.ENOSYS: "that file system has no locks; choose another --out, on a local disk",
    errno.EOPNOTSUPP: "that file system has no locks; choose another --out, on a local disk",
    errno.EMFILE: "raise the limit (ulimit -n), or use --workers 1",
    errno.ENFILE: "close other programs, or use --workers 1",
    errno.ESTALE: "that folder was removed or moved; choose another --out",
}


def reason(error: BaseException) -> str:
    """What a system error says, and what helps if we know."""
    said = (getattr(error, "strerror", None) or str(error) or type(error).__name__).strip()
    remedy = REMEDIES.get(getattr(error, "errno", None) or 0)
    text = f"{said[:1].lower()}{said[1:]}"
    return f"{text}: {remedy}" if remedy else text


@contextmanager
def replacing(path: Path, key: str = "--out") -> Iterator[IO[bytes]]:
    """A file that takes the place of `path` when it is complete
    and on the disk; the only writer of results.

    Each writer has a draft of its own, in the same folder: of several at once the last one's file
    stays, whole.

    Parameters
    ----------
    path : the file; its folder is made if it is not there
    key : the option that names it, for the message

    Raises
    ------
    InvalidInput
        If the disk does not take it. What stood there before then still does, and no draft is left.
    """
    draft = path.with_name(f".{path.name}.{secrets.token_hex(8)}.new")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        _forget_the_dead(path)
        with draft.open("xb") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        draft.replace(path)
    except OSError as error:
        raise InvalidInput(key, f"cannot write {path}: {reason(error)}") from None
    finally:
        with suppress(OSError):
            draft.unlink(missing_ok=True)


def write(path: Path, data: bytes, key: str = "--out") -> None:
    """The same for a file that is at hand whole."""
    with replacing(path, key) as file:
        file.write(data)


def _forget_the_dead(path: Path) -> None:
    """Removes drafts of the same file whose writers were killed."""
    with os.scandir(path.parent) as entries:
        drafts = [
            e for e in entries if e.name.startswith(f".{path.name}.") and e.name.endswith(".new")
        ]
    for entry in drafts:
        with suppress(OSError):
            if time.time() - entry.stat().st_mtime > LIFE_OF_A_DRAFT:
                os.unlink(entry.path)


@contextmanager
def scratch() -> Iterator[Path]:
    """A folder that is gone afterwards.

    Raises
    ------
    InvalidInput
        If there is no place for it.
    """
    try:
        made = tempfile.TemporaryDirectory(prefix="dimfree-", ignore_cleanup_errors=True)
    except OSError as error:
        raise InvalidInput(
            "temporary folder",
            f"cannot be made: {reason(error)}; set TMPDIR to a folder that can be written to",
        ) from None
    with made as folder:
        yield Path(folder)


def relative(folder: Path, start: Path) -> str:
    """The folder as a link from `start`; "" if it is the same."""
    path = Path(os.path.relpath(folder, start)).as_posix()
    return "" if path == "." else path


# --- standard streams -----------------------------------------------------------------------------


def open_streams() -> None:
    """Makes the standard streams safe to use, however this process was started.

    A closed one's number is given to the null device, lest a file of ours get it and be written
    into by whoever prints; `sys.stdout` stays None then, which `tell` knows. What an encoding lacks
    is escaped.
    """
    for number in (0, 1, 2):
        try:
            os.fstat(number)
        except OSError:
            taken = os.open(os.devnull, os.O_RDWR)
            if taken != number:
                os.dup2(taken, number)
                os.close(taken)
            os.set_inheritable(number, True)
    if sys.stderr is None:
        # it lives as long as the process
        sys.stderr = open(os.devnull, "w", encoding="utf-8")  # noqa: SIM115
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            with suppress(OSError, ValueError):
                stream.reconfigure(errors="dimfree")


def _escaped(error: UnicodeError) -> tuple[str | bytes, int]:
    """Bytes of a file name as they are, and of all else that an encoding lacks the number."""
    try:
        return codecs.lookup_error("surrogateescape")(error)
    except UnicodeError:
        return codecs.backslashreplace_errors(error)


codecs.register_error("dimfree", _escaped)


def check_output() -> None:
    """Whether standard output takes anything,
    as far as that can be known before there is anything to say.

    Raises
    ------
    InvalidInput
        If it is closed, its reader is gone, or its device takes no byte more.
    """
    if sys.stdout is None:
        raise InvalidInput("standard output", "is closed, and the result goes there")
    try:
        number = sys.stdout.fileno()
    except (OSError, ValueError):  # a notebook's or a test's, and no file
        return
    try:
        os.write(number, b"")
        poll = select.poll()
        poll.register(number, 0)
        if any(events & (select.POLLERR | select.POLLNVAL) for _, events in poll.poll(0)):
            raise BrokenPipeError(errno.EPIPE, "nobody reads it")
    except OSError as error:
        _silence(sys.stdout)
        raise InvalidInput("standard output", f"{_why(error)}, and the result goes there") from None


def tell(text: str, end: str = "\n") -> None:
    """Prints a result. A reader that has left before the end has heard what it wanted.

    Raises
    ------
    InvalidInput
        If standard output does not take it.
    """
    if sys.stdout is None:
        raise InvalidInput("standard output", "is closed, and the result goes there")
    try:
        print(text, end=end, flush=True)
    except BrokenPipeError:
        _silence(sys.stdout)
    except (OSError, ValueError) as error:
        _silence(sys.stdout)
        raise InvalidInput("standard output", f"{_why(error)}, and the result goes there") from None


def columns(rows: Sequence[Sequence[object]]) -> str:
    """Plain text in columns, as wide as they need; numbers to the right.

    Parameters
    ----------
    rows : all of one length, at least two: the heads come first
    """
    texts = [[str(value) for value in row] for row in rows]
    widths = [max(map(len, column)) for column in zip(*texts, strict=True)]
    aligned = [str.rjust if isinstance(value, int) else str.ljust for value in rows[1]]
    return "\n".join(
        "  ".join(
            align(text, width) for align, text, width in zip(aligned, line, widths, strict=True)
        ).rstrip()
        for line in texts
    )


def mention(text: str) -> None:
    """Prints where the results are; that they are there is what counts."""
    if sys.stdout is None:
        return
    try:
        print(text, flush=True)
    except (OSError, ValueError) as error:
        _silence(sys.stdout)
        if not isinstance(error, BrokenPipeError):
            note(f"dimfree: standard output: {_why(error)}")


def note(text: str, end: str = "\n") -> None:
    """Says something on standard error, if anybody listens."""
    Listener().write(f"{text}{end}")


class Listener:
    """Standard error for those who write to a file: nothing that goes wrong there comes back."""

    def write(self, text: str) -> None:
        """Writes and flushes."""
        stream = sys.stderr
        if stream is None:
            return
        try:
            stream.write(text)
            stream.flush()
        except (OSError, ValueError):
            _silence(stream)

    def flush(self) -> None:
        """Nothing: all is flushed."""

    def isatty(self) -> bool:
        """Whether it is a terminal."""
        try:
            return sys.stderr is not None and sys.stderr.isatty()
        except (OSError, ValueError):
            return False

    def __getattr__(self, name: str) -> Any:
        return getattr(sys.stderr, name)


def _why(error: Exception) -> str:
    return reason(error).partition(": ")[0]


def _silence(stream: TextIO) -> None:
    """Sends a stream that takes nothing to the null device, with what it still holds.

    Otherwise Python tries once more when it ends, and makes 120 of our exit code.
    """
    with suppress(OSError, ValueError):
        number = stream.fileno()
        null = os.open(os.devnull, os.O_WRONLY)
        os.dup2(null, number)
        os.close(null)
    with suppress(OSError, ValueError):
        stream.flush()
