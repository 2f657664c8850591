"""The SSH keys of the sandbox's people: the same in every run, made from nothing but the account's id.

Most have a key that age can encrypt to; some have one that it cannot, and some have none, as on GitHub.
"""

from __future__ import annotations

import hashlib

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

_OPENSSH = serialization.Encoding.OpenSSH


def public_keys(account_id: str) -> list[str]:
    """What `/users/{login}/keys` lists of this account."""
    kind = _digest(account_id)[0] % 8
    if kind == 0:
        return []
    keys = [] if kind == 1 else [_public(_own(account_id))]
    if kind in (1, 2):
        number = int.from_bytes(_digest(account_id), "big") >> 8
        keys.append(_public(ec.derive_private_key(number, ec.SECP256R1())))
    return keys


def private_key(account_id: str) -> str:
    """The key that opens what was encrypted to this account, as `~/.ssh/id_ed25519` holds it."""
    return (
        _own(account_id)
        .private_bytes(_PEM, serialization.PrivateFormat.OpenSSH, serialization.NoEncryption())
        .decode()
    )


_PEM = serialization.Encoding.PEM


def _own(account_id: str) -> Ed25519PrivateKey:
    return Ed25519PrivateKey.from_private_bytes(_digest(account_id))


def _public(key: Ed25519PrivateKey | ec.EllipticCurvePrivateKey) -> str:
    return key.public_key().public_bytes(_OPENSSH, serialization.PublicFormat.OpenSSH).decode()


def _digest(account_id: str) -> bytes:
    return hashlib.blake2b(f"sandbox key of {account_id}".encode(), digest_size=32).digest()
