"""Which addresses of an API are accepted: a token must not travel in the open."""

from __future__ import annotations

from ipaddress import ip_address
from urllib.parse import urlsplit


def is_loopback(url: str) -> bool:
    """Whether this address is on this machine, where plain HTTP is fine."""
    host = urlsplit(url).hostname or ""
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def checked_base_url(value: str, example: str) -> str:
    """The address of an API without a slash at its end. Raises ValueError where a token would be shown."""
    parts = urlsplit(value)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise ValueError(f"base_url is an address like {example}")
    if parts.username or parts.password or parts.query or parts.fragment:
        raise ValueError("base_url holds an address only; the token has a setting of its own")
    if parts.scheme == "http" and not is_loopback(value):
        raise ValueError("base_url must use https; a token would travel in the open")
    return value.rstrip("/")
