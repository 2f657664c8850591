"""What is signed of an agreement, and the line that signs it."""

from __future__ import annotations

import hashlib
import re


def body_of(text: str) -> str:
    """What is agreed to: everything above the signatures, which are the last part of the file."""
    found = re.search(r"^approved:", text, flags=re.MULTILINE)
    return text[: found.start()] if found else text


def body_sha256(text: str) -> str:
    """The hash that stands in releases and log, and that is signed; a signature does not change it."""
    return hashlib.sha256(body_of(text).rstrip().encode()).hexdigest()


def signature(name: str, on: str, sha256: str) -> str:
    """The line to add under `approved:`."""
    return f'  - {{by: "{name}", on: {on}, body: {sha256}}}'
