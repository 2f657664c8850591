"""What people said and decided, opened under the ids they go by now."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from config.settings import Settings

if TYPE_CHECKING:
    from warehouse.rights import Rights


@contextmanager
def rights_of(settings: Settings) -> Iterator[Rights]:
    """What people said and decided, open for an instant, with everybody under the id they go by now."""
    from warehouse import rights
    from warehouse.vault_lookup import find_ids

    with rights.opened(settings.rights_file, find_ids(settings.vault_file)) as own:
        yield own
