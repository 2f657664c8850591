"""The door: the only way from results to readers, and the only writer of `published/`.

What a team reads is decided in two steps that never meet. Whether an item is shown depends on public facts:
the map, the roster, the agreement, the sources and the calendar. Only then, and only for a shown item, is
anything about people looked at, and only to choose one word.

A release is written once; see `privacy/atomic_publish.py`.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Iterator, Mapping, Sequence
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any

from privacy import atomic_publish, bodies, organisation, published, team_words
from privacy.atomic_publish import expire as expire
from privacy.atomic_publish import past as past
from privacy.bands import shown, words
from privacy.cohort import by_team as by_team
from privacy.cohort import cohorts as cohorts
from privacy.cohort import due_on as due_on
from privacy.cohort import eligible as eligible
from privacy.cohort import is_due as is_due
from privacy.errors import BrokenRelease, NoReport, NotDue, NotShown, RefusedBody, UnknownItem
from privacy.published import in_place as in_place
from privacy.published import is_decided as is_decided
from privacy.published import latest_window as latest_window
from privacy.published import published_teams as published_teams
from privacy.published import published_windows as published_windows
from privacy.published import release_of as release_of
from privacy.published import rubrics as rubrics
from privacy.released import _DOOR, Released
from privacy.team_words import NOT_SHOWN as NOT_SHOWN
from warehouse.windows import Window

if TYPE_CHECKING:  # readers come through here too, and need no pydantic to read a file
    from privacy.policy import Policy

WITHDRAWN = "Withdrawn after it was published. A published window is never computed again."


# --- what is let out --------------------------------------------------------------------------------------


def release_team(
    *,
    team: str,
    window: Window,
    members: Collection[str],
    traces: Mapping[str, Collection[str]],
    items: Sequence[Mapping[str, Any]],
    sources: Sequence[Mapping[str, Any]],
    rubric: Mapping[str, str],
    policy: Policy,
    published_on: date,
    processes: Sequence[Mapping[str, Any]] = (),
) -> Released:
    """One team's release of one closed window: every item of the rubric, in its order, with at most one word.

    `members` are the eligible ones, `traces` says for each item which people left any. An item may carry
    `left_open`: a sentence about the sources that leaves it open for everybody. A process of the team gets
    its word by the same rule: `traces` says for which people it held.

    Raises NotDue for a window that may not be published yet, RefusedBody for a body the audience may not see.
    """
    if "team" not in policy.audiences:
        raise RefusedBody(f"{policy.file}: 'team' is no audience of the agreement, so no release is made")
    if published_on < due_on(window, policy, sources_complete=True):
        due = due_on(window, policy, sources_complete=True)
        raise NotDue(f"{window.name} may be published from {due} on; {published_on} is too early")
    people = frozenset(members)
    of_size = words(len(people), k=policy.k, coalition=policy.coalition)
    complete = team_words.complete_sources(sources)

    def word(name: str, item: Mapping[str, Any]) -> dict[str, Any]:
        hidden = team_words.why_hidden(item, complete, bool(of_size))
        return team_words.word(name, hidden, people, traces, of_size)

    body = {
        "kind": "team",
        "team": team,
        **_window_dates(window),
        "published_on": published_on.isoformat(),
        "rubric": {"id": rubric["id"], "title": rubric["title"]},
        "agreement_sha256": policy.sha256,
        "sources": bodies.sources(sources),
        "items": [bodies.about(item) | word(item["item"], item) for item in items],
        "processes": [team_words.about(process) | word(process["process"], process) for process in processes],
    }
    bodies.check_team(body)
    return Released("team", body, key=_DOOR)


def release_self(
    *,
    window: Window,
    as_of: date,
    team: str,
    rubric: Mapping[str, str],
    sources: Sequence[Mapping[str, Any]],
    items: Sequence[Mapping[str, Any]],
    policy: Policy,
    steps: Sequence[Mapping[str, Any]] = (),
) -> Released:
    """Somebody's own report. It holds no id of any person, its reader's included.

    Raises RefusedBody for anything in it that a report may not hold.
    """
    body = {
        "kind": "self",
        **_window_dates(window),
        "window_is_open": not window.is_closed_on(as_of),
        "computed_on": as_of.isoformat(),
        "team": team,
        "rubric": {"id": rubric["id"], "title": rubric["title"]},
        "agreement_sha256": policy.sha256,
        "sources": bodies.sources(sources),
        "items": [bodies.self_item(item) for item in items],
        "steps": bodies.steps(steps),
    }
    bodies.check_self(body)
    return Released("self", body, key=_DOOR)


def with_own_words(
    report: Released, words: Mapping[str, Mapping[str, Any]], looks: Sequence[str] = ()
) -> Released:
    """Somebody's own report, beside each item what they noted and contested, above all who else read it."""
    if report.audience != "self":
        raise RefusedBody(f"what is for the {report.audience} audience has no place for anybody's own words")
    return Released("self", bodies.with_own_words(report.body, words, looks), key=_DOOR)


def without_steps(report: Released) -> Released:
    """Somebody's own report without what they were called to and on call for, which is for them alone."""
    if report.audience != "self":
        raise RefusedBody(f"what is for the {report.audience} audience holds no steps")
    return Released("self", report.body | {"steps": []}, key=_DOOR)


def release_share(
    report: Released, items: Collection[str], *, shared_by: str, span: tuple[date, date], notes: bool
) -> Released:
    """Some items of somebody's own report, for the one reader they chose, until the last day of `span`."""
    if report.audience != "self":
        raise RefusedBody(f"what is for the {report.audience} audience cannot be shared")
    return Released(
        "share", bodies.shared(report.body, items, shared_by=shared_by, span=span, notes=notes), key=_DOOR
    )


def release_organisation(
    *,
    window: Window,
    traces: organisation.Traces,
    signals: Sequence[Mapping[str, Any]],
    repositories: int,
    policy: Policy,
    published_on: date,
) -> Released:
    """What each signal can and cannot see in the whole organisation. Of cohorts with bands alone.

    Raises NotDue for a window that may not be published yet, RefusedBody for a body nobody may see.
    """
    if "organisation" not in policy.audiences:
        raise RefusedBody(f"{policy.file}: 'organisation' is no audience of the agreement")
    if published_on < due_on(window, policy, sources_complete=True):
        raise NotDue(f"{window.name} may not be published on {published_on} yet")
    is_shown = shown(len(traces.people), k=policy.k, coalition=policy.coalition)
    body = {
        "kind": "organisation",
        **_window_dates(window),
        "published_on": published_on.isoformat(),
        "agreement_sha256": policy.sha256,
        "shown": is_shown,
        **(organisation.signal_rows(repositories, signals, traces) if is_shown else organisation.NOTHING),
    }
    organisation.check(body)
    return Released("organisation", body, key=_DOOR)


# --- publishing -------------------------------------------------------------------------------------------


def publish(published_dir: Path, released: Released, *of_other_rubrics: Released) -> Path:
    """Puts a team's release where readers find it, once; returns where the first of them lies.

    A team with people on several rubrics has one for each, and they are recorded together: the roster that
    parts the team into cohorts is the same for all. What a former run recorded and could not put in place is
    put in place, whatever is given now. Raises AlreadyPublished, or BrokenRelease when what lies there is not
    what was published.
    """
    every = (released, *of_other_rubrics)
    for each in every:
        if each.audience != "team":
            raise RefusedBody(f"a report for the {each.audience} audience is never published to a team")
    team, window = released.body["team"], released.body["window"]
    if any((each.body["team"], each.body["window"]) != (team, window) for each in of_other_rubrics):
        raise RefusedBody("releases of different teams or windows are not published together")
    texts = {
        published.release_name(
            team, window, each.body["rubric"]["id"] if of_other_rubrics else None
        ): each.canonical()
        for each in every
    }

    def recorded_before(files: Collection[str]) -> list[str]:
        return published.releases_of(files, team, window)

    return atomic_publish.put_once(published_dir, team, texts, recorded_before)


def withdraw(
    published_dir: Path,
    team: str,
    window: Window | str,
    item: str,
    *,
    withdrawn_on: date,
    rubric: str | None = None,
) -> Path:
    """Marks one item of a release as no longer standing; returns where the notice lies.

    The release keeps its bytes. The notice gives no reason: a reason would be about somebody.
    Raises UnknownItem, NotShown for an item that has no band to withdraw, and what `read_team` raises.
    """
    name = published.window_name(window)
    body = read_team(published_dir, team, name, rubric).body
    try:
        cell = next(each for each in body["items"] if each["item"] == item)
    except StopIteration:
        raise UnknownItem(f"the release of team {team!r} for {name} has no item {item!r}") from None
    notice = published.notice_name(release_of(published_dir, team, name, rubric), item)
    path = published_dir / "teams" / notice
    if path.exists():
        return path
    recorded = published.read_manifest(published_dir / "teams").files
    if not cell["shown"] and notice not in recorded:
        raise NotShown(
            f"item {item!r} is not shown for team {team!r} in {name}, so there is nothing to withdraw"
        )
    text = atomic_publish.as_json(
        {"kind": "withdrawal", "team": team, "window": name, "item": item}
        | {"withdrawn_on": withdrawn_on.isoformat()}
    )

    def recorded_before(files: Collection[str]) -> list[str]:
        return [notice] if notice in files else []

    return atomic_publish.put_once(published_dir, team, {notice: text}, recorded_before)


def write_self(published_dir: Path, person_id: str, released: Released) -> Path:
    """Puts somebody's own report in the place of the one before; returns where."""
    if released.audience != "self":
        raise RefusedBody(f"a release for the {released.audience} audience is nobody's own report")
    if not published.is_person_id(person_id):
        raise ValueError("a person's id may hold only letters, digits, - and _")
    path = published_dir / "people" / person_id / f"{released.body['window']}.json"
    with atomic_publish.publish_lock(published_dir):
        for folder in (path.parent.parent, path.parent):
            atomic_publish.make_folder(folder, 0o700)
        # not flushed to disk: a report lost with the power is made anew by the next night
        atomic_publish.write_file(
            published.pending(path), released.canonical(), published.REPORT_MODE, flush=False
        )
        published.pending(path).replace(path)
    return path


def remove_self(published_dir: Path, person_id: str) -> None:
    """Takes somebody's own reports away, where others' traces may be in them; a night writes them anew."""
    if not published.is_person_id(person_id):
        raise ValueError("a person's id may hold only letters, digits, - and _")
    with atomic_publish.publish_lock(published_dir):
        for path in sorted((published_dir / "people" / person_id).glob("*.json")):
            path.unlink()


def verify(published_dir: Path) -> list[str]:
    """A sentence for every published file that is altered, missing, extra or too widely readable."""
    mistakes = list(published.problems(published_dir / "teams"))
    if organisation.recorded(published_dir):
        below = organisation.FOLDER
        mistakes += [f"{below}/{each}" for each in published.problems(published_dir / below)]
    return mistakes


# --- reading ----------------------------------------------------------------------------------------------


def read_team(published_dir: Path, team: str, window: Window | str, rubric: str | None = None) -> Released:
    """A team's release, with what was withdrawn since taken out. `rubric` says which, where it has several.

    Raises UnknownTeam, WhichRubric, NotYetPublished with the day it may come, or BrokenRelease.
    """
    teams_dir, name = published_dir / "teams", published.window_name(window)
    release = release_of(published_dir, team, name, rubric)
    released = _recorded(teams_dir, release, published.read_manifest(teams_dir))
    if (released.body["team"], released.body["window"]) != (team, name):
        raise BrokenRelease(f"{teams_dir / release}: is the release of another team or window")
    return released


def read_teams(published_dir: Path) -> Iterator[Released]:
    """Every team's release that is in place, as `read_team` has it. Raises BrokenRelease."""
    teams_dir = published_dir / "teams"
    manifest = published.read_manifest(teams_dir)
    for name, sha256 in sorted(manifest.files.items()):
        if ".withdrawn/" not in name and not published.is_waiting(teams_dir / name, sha256):
            yield _recorded(teams_dir, name, manifest)


def read_self(published_dir: Path, person_id: str, window: Window | str) -> Released:
    """Somebody's own report. Raises NoReport, the same for an id that is unknown, guessed or malformed."""
    name = published.window_name(window)
    # what can be no id is looked for like an id that nobody has
    folder = person_id if published.is_person_id(person_id) else "~" * 32
    path = published_dir / "people" / folder / f"{name}.json"
    try:
        body = json.loads(path.read_text(encoding="utf-8"))
        bodies.check_self(body)
    except (OSError, ValueError, RefusedBody):
        raise NoReport(
            f"there is no report here for {name}; one is written every night for each person"
        ) from None
    return Released("self", body, key=_DOOR)


def publish_organisation(published_dir: Path, released: Released) -> None:
    """Publishes the organisation's release of a window, once; it is never written again."""
    if released.audience != "organisation":
        raise RefusedBody(f"what is for the {released.audience} audience is not for the organisation")
    organisation.put_once(published_dir, released.body["window"], released.canonical())


def read_organisation(published_dir: Path, window: Window | str) -> Released:
    """What the organisation reads of a window. Raises NotYetPublished, or BrokenRelease."""
    body = organisation.read(published_dir, published.window_name(window))
    return Released("organisation", body, key=_DOOR)


# --- how it is done ---------------------------------------------------------------------------------------


def _recorded(teams_dir: Path, name: str, manifest: published.Manifest) -> Released:
    """A team's release as it was recorded, with what was withdrawn since taken out."""
    body = published.read_recorded(teams_dir, name, manifest)
    body.setdefault("processes", [])  # the first releases told none, and stay as they were published
    try:
        bodies.check_team(body)
    except RefusedBody as error:
        raise BrokenRelease(f"{teams_dir / name}: {error}") from error
    for item in body["items"]:
        # the manifest decides, not the notice's file: a withdrawn cell does not come back when a file goes
        if published.notice_name(name, item["item"]) in manifest.files:
            item.update(shown=False, band=None, because=WITHDRAWN)
    return Released("team", body, key=_DOOR)


def _window_dates(window: Window) -> dict[str, str]:
    return {
        "window": window.name,
        "window_starts_on": window.starts_on.isoformat(),
        "window_ends_on": window.ends_on.isoformat(),
    }
