"""What the door let out. Renderers take nothing else."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, Literal

_DOOR = object()
"""Held by `privacy/door.py` alone; a test looks for any other use."""


class Released:
    """A body that passed the door, for one audience. Refuses to be built anywhere else."""

    __slots__ = ("_body", "audience")

    def __init__(
        self,
        audience: Literal["team", "self", "share", "organisation"],
        body: Mapping[str, Any],
        *,
        key: object,
    ) -> None:
        if key is not _DOOR:
            raise TypeError("Released is made by privacy/door.py only: pass results through the door")
        self.audience = audience
        self._body = json.dumps(body, sort_keys=True, ensure_ascii=False, separators=(",", ":"))

    @property
    def body(self) -> dict[str, Any]:
        """A fresh copy of the body, JSON types only."""
        copy: dict[str, Any] = json.loads(self._body)
        return copy

    def canonical(self) -> str:
        """The body as the one JSON text that is stored and hashed."""
        return self._body
