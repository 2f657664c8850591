"""The credentials for GitHub: a token, a GitHub App, or one of the app's installations."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from urllib.parse import urlsplit

import github
import jwt
from github import Auth, Github

from connectors.errors import PayloadBroken, Refused, SourceError
from connectors.github.settings import GitHubSettings

READ_SECONDS = 30
"""GitHub gives up on a query after about ten seconds by itself."""


class Interrupted(Exception):
    """No complete answer this time; the same or a smaller request may get one.

    `gives_up_as` is what to raise when it does not, `is_heavy` says that a smaller request is likelier to.
    """

    def __init__(self, gives_up_as: SourceError, *, is_heavy: bool = False, tries: int | None = None) -> None:
        super().__init__(str(gives_up_as))
        self.gives_up_as = gives_up_as
        self.is_heavy = is_heavy
        self.tries = tries


@dataclass(frozen=True, slots=True)
class Credentials:
    """How to authenticate, and what to say when GitHub does not accept it."""

    auth: Auth.Auth | None
    whose: str = "the credentials"
    check: str = "check the token or the GitHub App"


class InstallationAuth(Auth.Auth):
    """An app installation whose token is minted once, shared by all threads, and renewed when it ends.

    PyGithub's own, used by several threads, mints a token for each of them at first use.
    """

    def __init__(self, make: Callable[[], Auth.AppInstallationAuth], whose: str, host: str) -> None:
        self._make = make
        self._installation = make()
        self._whose = whose
        self._host = host
        self._lock = threading.Lock()
        self.renewals = 0

    @property
    def token_type(self) -> str:
        return self._installation.token_type

    @property
    def token(self) -> str:
        with self._lock, _explained(self._whose, self._host):
            return self._installation.token

    def renew(self, renewals: int) -> None:
        """Mints another token for the next request, unless that was done since `renewals` was read."""
        with self._lock:
            if self.renewals == renewals:
                self._installation = self._make()
                self.renewals += 1


class _AsApp(Auth.JWT):
    """The app itself, which may do little more than say where it is installed."""

    def __init__(self, app: Auth.AppAuth, host: str) -> None:
        self._app = app
        self._host = host

    @property
    def token(self) -> str:
        with _explained("the GitHub App", self._host):
            return self._app.token


def configured_credentials(settings: GitHubSettings) -> list[Credentials]:
    """The token of these settings and the others beside it, or the app installation that they name."""
    if settings.app_id and settings.app_installation_id:
        credentials = [
            installation_credentials(settings, settings.app_installation_id, "the GitHub App's installation")
        ]
    else:
        credentials = [Credentials(Auth.Token(settings.token.get_secret_value()) if settings.token else None)]
    credentials += [Credentials(Auth.Token(more.get_secret_value())) for more in settings.more_tokens]
    if len(credentials) == 1:
        return credentials
    return [
        Credentials(each.auth, f"the credentials of token {number} of {len(credentials)}", "check that token")
        for number, each in enumerate(credentials, start=1)
    ]


def app_credentials(settings: GitHubSettings) -> Credentials:
    """The GitHub App as itself."""
    check = "check app_id, its private key and the clock of this machine"
    return Credentials(_AsApp(_app_auth(settings), _host(settings)), "the GitHub App", check)


def installation_credentials(settings: GitHubSettings, number: int, whose: str) -> Credentials:
    """One installation of the GitHub App."""

    def make() -> Auth.AppInstallationAuth:
        mine = _app_auth(settings)
        minter = Github(
            auth=mine,
            base_url=settings.base_url,
            timeout=READ_SECONDS,
            retry=None,
            seconds_between_requests=None,
            seconds_between_writes=None,
        )
        return Auth.AppInstallationAuth(mine, number).withRequester(minter.requester)

    return Credentials(InstallationAuth(make, whose, _host(settings)), whose, "install the GitHub App again")


def _app_auth(settings: GitHubSettings) -> Auth.AppAuth:
    key = settings.app_private_key.get_secret_value() if settings.app_private_key else "none"
    return Auth.AppAuth(settings.app_id or "", key)


def _host(settings: GitHubSettings) -> str:
    return urlsplit(settings.base_url).netloc


@contextmanager
def _explained(whose: str, host: str) -> Iterator[None]:
    """Says in a sentence what goes wrong when an app signs, or asks for a token."""
    try:
        yield
    except github.RateLimitExceededException:
        raise Interrupted(PayloadBroken(f"{host} asks {whose} to wait; try again later")) from None
    except github.GithubException as error:
        if error.status == 403 and "suspended" in str(error.data).casefold():
            raise Refused(f"{whose} is suspended on {host}; unsuspend it there") from None
        if error.status in (401, 403, 404):
            refused = Refused(
                f"{host} refuses {whose}; check app_id, app_installation_id, the private key and this "
                "machine's clock"
            )
            # It happens that good credentials are refused once.
            raise Interrupted(refused, tries=2) from None
        raise Interrupted(PayloadBroken(f"{host} gives {whose} no token")) from None
    except (ValueError, TypeError, jwt.PyJWTError):
        raise Refused("app_private_key is not a private key in PEM form") from None
