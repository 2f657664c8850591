"""What the sources have in common that are kept in repositories of the same GitHub."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence

from connectors.contract import Connector
from connectors.github.api.access import Access
from connectors.github.settings import GitHubSettings, RepositorySettings


class RepositoryConnector(Connector):
    """Reads configured repositories; `github` has the address and the credentials."""

    account_source = "github"

    def __init__(
        self,
        settings: RepositorySettings,
        github: GitHubSettings,
        pause: Callable[[float], None] = time.sleep,
    ) -> None:
        self.since = settings.since or github.starts_on
        self._access = Access(github, pause)
        self._repositories = tuple(dict.fromkeys(settings.repositories))

    def scopes(self) -> Sequence[str]:
        return self._repositories

    def spent(self) -> tuple[int, int]:
        return self._access.spent()

    def close(self) -> None:
        self._access.close()
