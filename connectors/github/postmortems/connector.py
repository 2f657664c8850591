"""Post-mortems that are documents of a repository, by their front matter.

Source: REST of the same GitHub as `connectors/github`: one question for the tree, one for each document that
    is new or was changed.
Cursor: JSON with what each document was when it was read, by a hash of its path.
Yields: postmortem_documents, postmortem_authors.
Never: names of files, and anything of a document but four fields of its front matter.
Raises: Refused, Unreachable, RateLimited, PayloadBroken.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import json
import re
import time as clock
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any, Literal

from connectors.errors import PayloadBroken
from connectors.github.accounts import ByNumber
from connectors.github.incidents.payloads import reference as issue_reference
from connectors.github.payloads import file_id
from connectors.github.postmortems.settings import GitHubPostmortemsSettings
from connectors.github.repository_connector import RepositoryConnector
from connectors.github.settings import GitHubSettings
from connectors.marked_yaml import NotYaml, marked
from connectors.noreply import AddressLookup, no_lookup
from connectors.records import Account, Batch, Gap, Inventory, Postmortem
from connectors.references import incidents_named

STORED_AT_ONCE = 50
LONGEST_FRONT_MATTER = 20_000
"""Characters. It is written by whoever may write to the repository, and reading YAML takes its time."""
_DOCUMENT = re.compile(r".*\.(md|mdx|markdown)", re.I)
_FRONT_MATTER = re.compile(r"\A---[ \t]*\r?\n(.*?)\r?\n---[ \t]*(\r?\n|\Z)", re.S)
_LOGIN = re.compile(r"@?([A-Za-z0-9](?:[A-Za-z0-9-]{0,37}[A-Za-z0-9])?)")
_REFERENCE = re.compile(r"[A-Za-z0-9][A-Za-z0-9._:/#-]{0,99}")

Reason = Literal["front_matter_broken", "no_incident", "no_date", "no_login"]
"""Why a document that has the fields of a post-mortem is none that can be kept."""


@dataclass(frozen=True, slots=True)
class File:
    """A document of the tree, and what it holds."""

    postmortem_id: str
    blob: str


class GitHubPostmortems(RepositoryConnector):
    """Post-mortems of the configured repositories."""

    source = "github_postmortems"
    yields: tuple[str, ...] = ("postmortem_documents", "postmortem_authors")

    def __init__(
        self,
        settings: GitHubPostmortemsSettings,
        github: GitHubSettings,
        pause: Callable[[float], None] = clock.sleep,
    ) -> None:
        super().__init__(settings, github, pause)
        self._settings = settings
        self._by_number = ByNumber(github)
        self._held: dict[str, dict[str, list[str | None]]] = {}
        """By scope: the documents of the tree, each with its blob and, if it is a post-mortem, its day."""

    def fetch(self, scope: str, cursor: str | None) -> Iterator[Batch]:
        """Every document that is new or was changed. One that cannot be kept is a gap, and read again."""
        before = json.loads(cursor) if cursor else {}
        known: dict[str, list[str | None]] = {}
        declared = hashlib.sha256(self._settings.model_dump_json(exclude={"since"}).encode()).hexdigest()[:16]
        is_as_declared = before.get("declared") == declared  # else unchanged documents are read another way
        if is_as_declared and date.fromisoformat(before["since"]) <= self.since:
            known = before["documents"]
        files = list(self._files(scope))
        held = {
            file.postmortem_id: known[file.postmortem_id]
            for file in files
            if known.get(file.postmortem_id, [None])[0] == file.blob
        }
        fresh = [file for file in files if file.postmortem_id not in held]
        for start in range(0, len(fresh), STORED_AT_ONCE):
            roots, gaps, gone = [], [], []
            for file in fresh[start : start + STORED_AT_ONCE]:
                document = self._read(scope, file)
                if isinstance(document, str):
                    gaps.append(self._gap(document, file))
                    continue
                held[file.postmortem_id] = [file.blob, document.written_on.isoformat() if document else None]
                if document:
                    roots.append(document)
                elif known.get(file.postmortem_id, [None, None])[1]:
                    gone.append(file.postmortem_id)
            yield Batch(tuple(roots), "", tuple(gaps), gone=tuple(gone))
        there = {file.postmortem_id for file in files}
        lost = tuple(sorted(name for name, (_, day) in known.items() if day and name not in there))
        self._held[scope] = held
        place = {"since": self.since.isoformat(), "declared": declared, "documents": held}
        yield Batch((), json.dumps(place), gone=lost)

    def inventory(self, scope: str) -> Iterator[Inventory]:
        """Every post-mortem, as the fetch of this run has found them."""
        if scope not in self._held:
            for _ in self.fetch(scope, None):
                pass
        for postmortem_id, (_, day) in self._held[scope].items():
            # what was read before the first day moved is held as read, and asked about no more
            if day and date.fromisoformat(day) >= self.since:
                yield Inventory("postmortem_documents", postmortem_id, date.fromisoformat(day))

    def hydrate(self, scope: str, kind: str, object_ids: Sequence[str]) -> Iterator[Batch]:
        """These documents again; one that is none any more is `gone`."""
        if kind != "postmortem_documents":
            raise ValueError(f"github_postmortems hydrates postmortem_documents, not {kind!r}")
        wanted = [file for file in self._files(scope) if file.postmortem_id in set(object_ids)]
        documents = [self._read(scope, file) for file in wanted]
        roots = tuple(one for one in documents if isinstance(one, Postmortem))
        gaps = tuple(
            self._gap(one, file) for one, file in zip(documents, wanted, strict=True) if isinstance(one, str)
        )
        yield Batch(roots, "", gaps, gone=tuple(sorted({*object_ids} - {one.postmortem_id for one in roots})))

    def _files(self, scope: str) -> Iterator[File]:
        """The documents below the folder, in one question."""
        answer = self._access.of(scope).get(f"/repos/{scope}/git/trees/HEAD?recursive=1")
        tree = answer.get("tree") if isinstance(answer, dict) else None
        if not isinstance(tree, list):
            raise PayloadBroken(f"{self._access.host} gives no tree of {scope!r}; the API changed")
        if answer.get("truncated"):
            raise PayloadBroken(
                f"{self._access.host} cuts the tree of {scope!r}; keep post-mortems in a smaller repository"
            )
        folder = self._settings.folder.strip("/")
        for entry in tree:
            path = str(entry.get("path"))
            is_here = not folder or path.startswith(f"{folder}/")
            if entry.get("type") == "blob" and is_here and _DOCUMENT.fullmatch(path):
                yield File(file_id(scope.casefold(), path), str(entry["sha"]))

    def _read(self, scope: str, file: File) -> Postmortem | Reason | None:
        blob = self._access.of(scope).get(f"/repos/{scope}/git/blobs/{file.blob}")
        try:
            text = base64.b64decode(blob["content"]).decode("utf-8", "replace")
        except (KeyError, TypeError, binascii.Error):
            raise PayloadBroken(f"{self._access.host} gives a blob of {scope!r} without content") from None
        document = postmortem(text, file.postmortem_id, self._settings, self._by_number)
        return None if isinstance(document, Postmortem) and document.written_on < self.since else document

    def _gap(self, reason: Reason, file: File) -> Gap:
        # named by the blob: `git log --find-object` finds the document, and no path is stored
        tomorrow = datetime.now(UTC).date() + timedelta(days=1)
        return Gap("postmortem_authors", self.since, tomorrow, reason, file.blob)


def postmortem(
    text: str, postmortem_id: str, settings: GitHubPostmortemsSettings, lookup: AddressLookup = no_lookup
) -> Postmortem | Reason | None:
    """What the front matter of a document says; None if it is no post-mortem, or why it cannot be kept.

    People are GitHub logins, or private addresses with the account's number. A name is nobody: it is never
    matched to one.
    """
    match = _FRONT_MATTER.match(text.removeprefix("\ufeff"))
    if match is None:
        return None
    try:
        front_matter = marked(match[1], LONGEST_FRONT_MATTER)
    except NotYaml:
        return "front_matter_broken"
    if front_matter.mistakes:
        return "front_matter_broken"
    fields = front_matter.data
    if not isinstance(fields, Mapping) or not {settings.incident, settings.authors} & {*fields}:
        return None
    reference = _reference(fields.get(settings.incident))
    if reference is None:
        return "no_incident"
    written_on = _day(fields.get(settings.written))
    if written_on is None:
        return "no_date"
    authors, reviewers = (
        _people(fields.get(name), lookup) for name in (settings.authors, settings.reviewers)
    )
    if not authors or reviewers is None:
        return "no_login"
    return Postmortem(postmortem_id, "github_postmortems", reference, written_on, authors, reviewers)


def _reference(value: Any) -> str | None:
    several = value if isinstance(value, list) else [value]
    text = str(several[0]).strip() if len(several) == 1 and several[0] is not None else ""
    named = incidents_named(text)
    reference = named[0] if named else issue_reference(text) or text
    return reference if _REFERENCE.fullmatch(reference) and not reference.startswith("http") else None


def _day(value: Any) -> date | None:
    if isinstance(value, datetime):
        return value.date()
    if isinstance(value, date):
        return value
    match = re.match(r"\d{4}-\d{2}-\d{2}", str(value))
    try:
        return date.fromisoformat(match[0]) if match else None
    except ValueError:
        return None


def _people(value: Any, lookup: AddressLookup) -> tuple[Account, ...] | None:
    """The accounts that are named here; None if one entry names none."""
    several = value if isinstance(value, list) else re.split(r"[,;]", value) if isinstance(value, str) else []
    people: dict[Account, None] = {}
    for text in (str(one).strip() for one in several):
        login = _LOGIN.fullmatch(text)
        who = Account("github", f"login:{login[1].casefold()}", login[1]) if login else lookup(text)
        if who is None and text:
            return None
        if who is not None:
            people[who] = None
    return tuple(people)
