"""Who is at a GitHub: accounts, teams, and whom an identity provider knows them as."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, ClassVar

if TYPE_CHECKING:
    from sandbox.model import Repository

WEB = "https://github.example"
"""Where web addresses of the sandbox point to; nothing listens there."""


@dataclass(slots=True, eq=False)
class Account:
    """Somebody or something with a login. `kind` is the GraphQL type, `User` or `Bot` most of the time."""

    id: str
    login: str
    kind: str = "User"
    name: str | None = None
    email: str = ""
    database_id: int = 0
    created_at: str = "2020-01-01T00:00:00Z"
    repositories: list[Repository] = field(default_factory=list)

    @property
    def typename(self) -> str:
        return self.kind

    @property
    def url(self) -> str:
        return f"{WEB}{self.resource_path}"

    @property
    def resource_path(self) -> str:
        return f"/apps/{self.login}" if self.kind == "Bot" else f"/{self.login}"

    @property
    def avatar_url(self) -> str:
        return f"{WEB}/avatars/{self.database_id}"


@dataclass(slots=True, eq=False)
class Team:
    """A team of an organisation that can be asked for a review."""

    typename: ClassVar[str] = "Team"
    id: str
    name: str
    slug: str
    organization: str
    members: list[Account] = field(default_factory=list)
    """Those of the teams below it included."""
    parent_team: Team | None = None

    @property
    def combined_slug(self) -> str:
        return f"{self.organization}/{self.slug}"


@dataclass(frozen=True, slots=True)
class Address:
    value: str


@dataclass(frozen=True, slots=True)
class Called:
    """What an identity provider calls somebody, in the words of SAML and of SCIM."""

    name_id: str
    username: str
    emails: list[Address]


@dataclass(frozen=True, slots=True)
class Identity:
    """Somebody at an identity provider, and the account that they linked to it."""

    typename: ClassVar[str] = "ExternalIdentity"
    id: str
    address: str
    user: Account | None

    @property
    def saml_identity(self) -> Called:
        return Called(self.address, self.address, [Address(self.address)])

    @property
    def scim_identity(self) -> None:
        return None


@dataclass(slots=True, eq=False)
class IdentityProvider:
    """An organisation's single sign-on."""

    typename: ClassVar[str] = "OrganizationIdentityProvider"
    id: str
    external_identities: list[Identity] = field(default_factory=list)
