"""The settings of everything that is read from GitHub."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping
from datetime import date
from fnmatch import fnmatchcase
from typing import Annotated, ClassVar, Literal, get_args

from pydantic import BaseModel, ConfigDict, Field, SecretStr, field_validator, model_validator

from connectors.settings import SourceSettings, checked_base_url

IssueKind = Literal["incident", "regression", "bug", "question", "proposal", "follow_up"]

LABELS: Mapping[IssueKind, tuple[str, ...]] = {
    "incident": ("incident", "outage", "sev"),
    "regression": ("regression",),
    "bug": ("bug", "defect"),
    "question": ("question", "help wanted: question", "support"),
    "proposal": ("proposal", "rfc", "design", "enhancement proposal", "adr"),
    "follow_up": ("follow-up", "follow up", "followup", "action item", "incident follow-up"),
}
"""Label names that carry a meaning out of the box; `kind/bug` and `type: bug` count as `bug`."""

TEAM_TOOLS = ("libs", "shared", "common", "internal", "tools", "tooling", "platform")
"""Folders, at any depth, that usually hold what a team built for its own use."""

FIRST_DAY = date(2008, 1, 1)
"""Before GitHub's first repository: what `since: None` means."""


def is_repository_name(text: str) -> bool:
    """Whether this is `owner/name`, in the letters GitHub allows."""
    return re.fullmatch(r"[A-Za-z0-9_.-]+/[A-Za-z0-9_.-]+", text) is not None


def matches(name: str, pattern: str) -> bool:
    """Whether `owner/name` fits a pattern, whatever the case; one without a slash is about the name."""
    subject = name if "/" in pattern else name.rpartition("/")[2]
    return fnmatchcase(subject.casefold(), pattern.casefold())


class GitHubSettings(SourceSettings):
    """Where GitHub is, what to read there, with which credentials, and how far back."""

    model_config = ConfigDict(coerce_numbers_to_str=True)

    secrets: ClassVar[Mapping[str, str]] = {
        "token": "GITHUB_TOKEN",
        "more_tokens": "GITHUB_MORE_TOKENS",
        "app_private_key": "GITHUB_APP_PRIVATE_KEY",
    }

    base_url: str = "https://api.github.com"
    """GitHub Enterprise Server: `https://host/api/v3`."""
    repositories: tuple[str, ...] = ()
    organisations: tuple[str, ...] = ()
    """The repositories of these, as far as the next four settings let them in."""
    include: tuple[str, ...] = ()
    """Patterns such as `api-*` or `acme/api-*`, of which a repository has to match one; none: all of them."""
    exclude: tuple[str, ...] = ()
    """Patterns of repositories to leave out: gone for good, or none of ours. They win over `include`."""
    archived: Literal["none", "recent", "all"] = "recent"
    """`recent`: those that were not archived before `since`."""
    forks: Literal["none", "all"] = "none"
    since: date | None = None
    """Leave out what was last updated before this day; None reads everything."""
    labels: dict[IssueKind, tuple[str, ...]] = Field(default_factory=lambda: dict(LABELS))
    discussions: bool = True
    """Read the discussions of repositories that have them; false where the token may not."""
    team_tools: tuple[str, ...] = TEAM_TOOLS
    """Folders that hold your own libraries and tools: `libs` at any depth, or `platform/feature-store`."""
    sso: bool = False
    """Ask the organisations' single sign-on which identity each account has; for an owner's token."""
    bots: tuple[str, ...] = ()
    """Logins of your own automation that GitHub presents as users."""
    page_size: Annotated[int, Field(ge=1, le=100)] = 100
    """The most that is asked for at once; less where GitHub cannot give it, and where it would cost more."""
    requests_at_once: Annotated[int, Field(ge=1, le=50)] = 6
    """GitHub bears a hundred over all that use the same token, and asks for few."""
    wait_limit_seconds: Annotated[int, Field(ge=0)] = 900
    """How long one request may wait for a rate limit before the run stops and goes on another night."""

    token: SecretStr | None = None
    more_tokens: tuple[SecretStr, ...] = ()
    """Asked beside the first one, each with a budget of its own, and each for the repositories it can see."""
    app_id: str | None = None
    app_installation_id: int | None = None
    """None: every installation of the app, each for the repositories of its account."""
    app_private_key: SecretStr | None = None

    @property
    def starts_on(self) -> date:
        return self.since or FIRST_DAY

    @field_validator("base_url")
    @classmethod
    def _is_an_address(cls, value: str) -> str:
        return checked_base_url(value, "https://api.github.com or https://host/api/v3")

    @field_validator("repositories")
    @classmethod
    def _are_full_names(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        return _full_names(value)

    @field_validator("team_tools")
    @classmethod
    def _are_folders(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        wrong = [name for name in value if not name.strip("/") or re.search(r"[*?\\]|//|\s", name)]
        if wrong:
            raise ValueError(
                f"team_tools are folders like libs or platform/feature-store; not so: "
                f"{', '.join(map(repr, wrong))}"
            )
        return value

    @field_validator("include", "exclude")
    @classmethod
    def _are_patterns(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        wrong = [
            pattern for pattern in value if not re.fullmatch(r"[\w.*?\[\]!-]+(/[\w.*?\[\]!-]+)?", pattern)
        ]
        if wrong:
            raise ValueError(
                f"a pattern is written like acme/api-* or api-*; not so: {', '.join(map(repr, wrong))}"
            )
        return value

    def lets_in(self, name: str) -> bool:
        """Whether the patterns let a repository of an organisation in; `name` is `owner/name`."""
        is_included = not self.include or any(matches(name, pattern) for pattern in self.include)
        return is_included and not self.leaves_out(name)

    def leaves_out(self, name: str) -> bool:
        """Whether a repository is excluded, wherever its name comes from."""
        return any(matches(name, pattern) for pattern in self.exclude)

    def missing_secrets(self) -> list[str]:
        mistakes = []
        if self.token is None and self.app_id is None:
            mistakes.append("GITHUB_TOKEN is not set; set it to a token that can read the repositories")
        if self.app_id and self.app_private_key is None:
            mistakes.append("GITHUB_APP_PRIVATE_KEY is not set; set it to the GitHub App's private key")
        if self.app_id and not self.app_installation_id and self.more_tokens:
            mistakes.append(
                "GITHUB_MORE_TOKENS is set beside a GitHub App that reads through each of its "
                "installations; unset it"
            )
        return mistakes

    @field_validator("labels", mode="before")
    @classmethod
    def _defaults_kept(cls, value: object) -> object:
        return {**LABELS, **value} if isinstance(value, Mapping) else value

    @model_validator(mode="after")
    def _one_identity(self) -> GitHubSettings:
        if self.app_installation_id and not self.app_id:
            raise ValueError("app_installation_id needs app_id, the id of the GitHub App that is installed")
        if self.token and self.app_id:
            raise ValueError("give either a token or a GitHub App, not both")
        return self


class RepositorySettings(SourceSettings):
    """What a source needs to know that is kept in repositories of the same GitHub."""

    repositories: tuple[str, ...]
    since: date | None = None
    """None: the same day as `github.since`."""

    @field_validator("repositories")
    @classmethod
    def _are_full_names(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        return _full_names(value)


def _full_names(names: tuple[str, ...]) -> tuple[str, ...]:
    if wrong := [name for name in names if not is_repository_name(name)]:
        raise ValueError(f"repositories are written owner/name; not so: {', '.join(map(repr, wrong))}")
    return names


class GitHubTeamsSettings(BaseModel):
    """Which teams of GitHub are home teams, which comes first, and who manages them."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    organisation: str
    order: tuple[str, ...] = ()
    """The teams that count, by slug; a member of several belongs to the first.

    None listed: all of them. Then none may overlap, except with the teams above it, which it comes before.
    """
    managers: Mapping[str, str] = {}
    """Login of the manager by team slug. GitHub does not know managers: a maintainer is something else."""
    since: date | None = None
    """From when on the teams of the very first night are taken to have been as they are; None: that night."""
    rubric: str = ""

    @field_validator("order")
    @classmethod
    def _each_once(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        if twice := [slug for slug, count in Counter(value).items() if count > 1]:
            raise ValueError(f"names a team twice: {', '.join(twice)}")
        return value


assert set(LABELS) == set(get_args(IssueKind))
