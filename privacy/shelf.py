"""How `privacy/door.py` puts files into `published/`: whole, with the right mode, one writer at a time."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


def write(path: Path, text: str, mode: int, *, flush: bool = True) -> None:
    """Puts text into a file with exactly this mode, and onto the disk unless told otherwise."""
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8", newline="") as file:
        os.fchmod(file.fileno(), mode)  # whatever the umask is, and whatever a former run left behind
        file.write(text)
        file.flush()
        if flush:
            os.fsync(file.fileno())


def make_folder(path: Path, mode: int) -> None:
    """A folder with exactly this mode, whatever the umask is."""
    path.mkdir(parents=True, exist_ok=True)
    path.chmod(mode)


def flush_folder(path: Path) -> None:
    """Makes a rename in this folder outlive a power cut."""
    descriptor = os.open(path, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


@contextmanager
def alone(published_dir: Path) -> Iterator[None]:
    """One writer at a time; the lock ends with the process that holds it."""
    from filelock import FileLock  # readers need none

    make_folder(published_dir, 0o750)
    with FileLock(published_dir / ".door.lock", mode=0o600):
        yield
