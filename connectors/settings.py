"""What the settings of every tool have in common. Nothing here reads the environment."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from ipaddress import ip_address
from typing import Annotated, ClassVar
from urllib.parse import urlsplit

from pydantic import BaseModel, ConfigDict, Field, SecretStr, field_validator


class SourceSettings(BaseModel):
    """One section of the settings file."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    secrets: ClassVar[Mapping[str, str]] = {}
    """Fields that never stand in the file, each with the environment variable that it comes from."""

    def missing_secrets(self) -> list[str]:
        """A sentence for each secret that is needed and not set."""
        return []


class ApiSettings(SourceSettings):
    """Where a tool is, with which token it is read, and how far back."""

    needs: ClassVar[str]
    """The kind of token: `a read-only API key`."""

    base_url: str
    since: date | None = None
    """The first day asked about. None: the first day of the quarter 15 months ago."""
    token: SecretStr | None = None
    wait_limit_seconds: Annotated[int, Field(ge=0)] = 900
    """How long one request may wait for a rate limit before the run stops and goes on another night."""

    @field_validator("base_url")
    @classmethod
    def _is_an_address(cls, value: str) -> str:
        return checked_base_url(value, str(cls.model_fields["base_url"].default))

    def missing_secrets(self) -> list[str]:
        return [] if self.token else [f"{self.secrets['token']} is not set; set it to {self.needs}"]


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
