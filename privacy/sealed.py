"""Bytes that only the owner of an SSH key can read, in the age format, which `age -d -i` opens anywhere.

An age file says to whom it is encrypted by a short tag of the key: whoever has a list of public keys can tell
which of them fits, and so whose file it is. What is in it, how much, and when it changed must be hidden
by whoever makes it; see `app/delivery.py`.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import pyrage

KINDS = ("ssh-ed25519", "ssh-rsa")
"""What age encrypts to. Keys on a token (`sk-`) and ECDSA can sign and not decrypt."""


def recipients(keys: Iterable[str]) -> list[pyrage.ssh.Recipient]:
    """Those of these public keys that can be encrypted to."""
    usable = []
    for key in keys:
        if key.split(" ", 1)[0] in KINDS:
            try:
                usable.append(pyrage.ssh.Recipient.from_str(key.strip()))
            except pyrage.RecipientError:
                continue  # too short, or damaged: as good as none
    return usable


def sealed(content: bytes, to: Sequence[pyrage.ssh.Recipient]) -> bytes:
    """The content, encrypted to all of these keys."""
    if not to:
        raise ValueError("nobody could open what is encrypted to nobody")
    return bytes(pyrage.encrypt(content, list(to)))
