"""Sharing some of one's own cells with one reader: made, listed, revoked, and opened by the reader."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterator, Mapping, Sequence
from datetime import date, timedelta
from pathlib import Path
from typing import Any

from app.identity import asking, proven, window_named
from app.notes import check_items, own_report
from config.recorded_settings import recorded_settings
from config.settings import Settings, token
from connectors.errors import BadInput
from people.rights import rights_of
from privacy import door, logbook, shares
from privacy.bands import Band, bands
from privacy.errors import AddsUp, NoReport
from privacy.policy import Policy, load_policy
from privacy.released import Released
from reports.neutral import plain
from rubric import cells
from rubric.map import load_maps
from signals.catalog import Catalog, load_catalog
from warehouse import rights
from warehouse.vault import find_login, find_person_waiting
from warehouse.windows import Window, parse_window, today

NO_SHARE = "there is nothing to open here: no such share, or it is not for you, or no longer"
"""For every token that opens nothing, whatever the reason."""


def make_share(
    config: Path,
    items: Sequence[str],
    reader: str,
    days: int,
    window: str | None,
    *,
    with_notes: bool,
    although: bool,
) -> str:
    """Shares these items of whoever asks; returns the token, with how it is opened and what it does.

    Raises BadInput, and AddsUp where the share could help to tell what teammates did, unless `although`.
    """
    settings = recorded_settings(config)
    policy, catalog = load_policy(settings.agreement), load_catalog(own=settings.signals)
    person_id, name = proven(settings), window_named(settings, window)
    chosen = list(dict.fromkeys(items))
    report = door.read_self(settings.published, person_id, name).body
    check_items(report, chosen)
    most = min(shares.LONGEST_DAYS, policy.retention.shares_days)
    if not 1 <= days <= most:
        raise BadInput([f"--days {days}: a share stays open from 1 to {most} days"])
    recipient_id = _reader(settings, reader, person_id)
    own_map = load_maps(settings.maps, catalog).get(report["rubric"]["id"])
    known = {item.slug: item for item in own_map.items} if own_map else {}
    if changed := [item for item in chosen if item not in known]:
        raise BadInput(
            [
                f"the rubric map has no '{item}' any more, and the next report has none either"
                for item in changed
            ]
        )
    rests_on = {slug: cells.band_signals(item, catalog) for slug, item in known.items()}
    shown = [known[item] for item in chosen]
    told = with_kin({indicator.signal for item in shown for indicator in item.indicators}, catalog)
    read = {each for item in shown for each in cells.windows_read(item, parse_window(name))}
    secret, on = shares.new_token(), today()
    span = (on, on + timedelta(days=days))
    with rights_of(settings) as own:  # a window is published before this or after it
        needed = [
            found
            for each in sorted(read)
            for found in _what_it_adds_to(settings, own, policy, catalog, rests_on, person_id, told, each)
        ]
        if needed and not although:
            raise AddsUp(_adds_up(needed))
        for each in sorted(read):
            if not own.counted(person_id, each.name):
                own.note_early(person_id, each.name)
        made = own.share(person_id, recipient_id, shares.token_sha256(secret), name, chosen, with_notes, span)
        logbook.note(settings, "share made", person=logbook.mark(settings, person_id), share=made.share_id)
    last = span[1] - timedelta(days=1)
    lines = [
        f"{reader} opens it until {last} with: sightline shared {secret}",
        "The token is shown this once. `sightline me shares` says when it was opened, "
        f"`sightline me unshare {made.share_id}` ends it.",
    ]
    to_come = [each.name for each in sorted(read) if not _is_out(settings, person_id, each)]
    if to_come:
        lines.append(
            f"In what will be published of {' and '.join(to_come)}, you are counted by chance, so that "
            "nobody can add this share to it."
        )
    return "\n".join(lines)


def list_shares(config: Path, form: str) -> str:
    """The shares of whoever asks, each with the days on which it was opened."""
    settings = recorded_settings(config)
    person_id, on = proven(settings), today()
    with rights_of(settings) as own:
        found, views = own.shares(person_id), own.views(person_id)
    rows = [
        {
            "share": each.share_id,
            "with": each.recipient_id and find_login(settings.vault_file, each.recipient_id, "github"),
            "window": each.quarter,
            "items": each.items,
            "with_notes": each.with_notes,
            "shared_on": each.shared_on.isoformat(),
            "state": "revoked" if each.revoked_on else "open" if on < each.ends_on else "ended",
            "ends_on": (each.revoked_on or each.ends_on).isoformat(),
            "opened_on": [day.isoformat() for day in views.get(each.share_id, [])],
        }
        for each in found
    ]
    if form == "json":
        return json.dumps({"shares": rows}, indent=1, ensure_ascii=False)
    return "\n".join(line for row in rows for line in _lines(row)) or "you share nothing"


def end_share(config: Path, share_id: str) -> str:
    """Revokes a share of whoever asks. Raises BadInput where they have no such open share."""
    settings = recorded_settings(config)
    person_id = proven(settings)
    with rights_of(settings) as own:
        if not own.revoke(person_id, share_id, today()):
            raise BadInput([f"you have no open share '{plain(share_id)}'; `sightline me shares` lists them"])
        logbook.note(settings, "share revoked", person=logbook.mark(settings, person_id), share=share_id)
    return f"{share_id} opens no more; what its reader saw before, they saw"


def show_shared(config: Path, secret: str, form: str) -> str:
    """What a token opens for whoever asks. Raises NoReport, the same for every token that opens nothing."""
    settings = recorded_settings(config)
    released = open_share(settings, secret, asking(settings).person_id)
    if form == "json":
        from reports.view import for_programs

        return json.dumps(for_programs(released.body), indent=1, ensure_ascii=False)
    from reports.text import shared_text

    return shared_text(released)


def open_share(settings: Settings, secret: str, reader_id: str | None) -> Released:
    """What a token opens for a reader whose identity is proven, once that is logged.

    Where it opens nothing the same is looked at in the same order before that is said, whatever the reason.
    """
    on = today()
    with rights_of(settings) as own:
        share = own.share_of_token(shares.token_sha256(secret))
        if not shares.opens(share, reader_id, on) or share is None or reader_id is None:
            raise NoReport(NO_SHARE)
    try:
        report = own_report(settings, share.person_id, share.quarter)
    except NoReport:
        raise NoReport(NO_SHARE) from None
    released = door.release_share(
        report,
        share.items,
        shared_by=find_login(settings.vault_file, share.person_id, "github") or "somebody",
        span=(share.shared_on, share.ends_on - timedelta(days=1)),
        notes=share.with_notes,
    )
    logbook.note(
        settings,
        "share opened",
        person=logbook.mark(settings, share.person_id),
        share=share.share_id,
        by=logbook.mark(settings, reader_id),
    )
    with rights_of(settings) as own:
        own.note_view(share, on)
    return released


def _reader(settings: Settings, login: str, person_id: str) -> str:
    """The id of the one reader. Raises BadInput for nobody, somebody unknown, and oneself."""
    from connectors.github.accounts import account_of

    secret = token("GITHUB_TOKEN")
    assert settings.github is not None
    assert secret is not None  # both were there when whoever asks was proven
    account = account_of(settings.github.base_url, secret, login)
    found = find_person_waiting(settings.vault_file, account) if account else None
    if found is None:
        raise BadInput(
            [
                f"--with {plain(login)}: nobody of this login is known here; "
                "only people Sightline knows can open a share"
            ]
        )
    if found == person_id:
        raise BadInput([f"--with {plain(login)}: that is you; `sightline me` shows you all of it"])
    return found


def with_kin(names: Collection[str], catalog: Catalog) -> set[str]:
    """These signals, and beside an organisation's own every one that reads what it reads.

    Which traces cannot be left without which others is written down of the shipped ones alone.
    """
    own = [{*catalog[name].reads} for name in names if catalog[name].is_own]
    return {*names} | {
        each.signal
        for each in catalog.of_kind("evidence")
        if any(reads & {*each.reads} - cells.OURS for reads in own)
    }


def _is_out(settings: Settings, person_id: str, window: Window) -> bool:
    """Whether the release of this person's team is settled."""
    team = _team(settings, person_id, window)
    return team is not None and door.is_decided(settings.published, team, window)


def _team(settings: Settings, person_id: str, window: Window) -> str | None:
    try:
        return str(door.read_self(settings.published, person_id, window).body["team"])
    except NoReport:
        return None


def _what_it_adds_to(
    settings: Settings,
    own: rights.Rights,
    policy: Policy,
    catalog: Catalog,
    rests_on: Mapping[str, Collection[str]],
    person_id: str,
    told: Collection[str],
    window: Window,
) -> Iterator[tuple[int, str]]:
    """For each band that the share adds to: how many others must tell too, and the item and window of it."""
    team = _team(settings, person_id, window)
    if team and _is_out(settings, person_id, window) and not own.knows_who_was_counted(team, window.name):
        yield (
            policy.coalition,
            window.name,
        )  # an older release: what every band is made for is all that is sure
    for counted in own.counted(person_id, window.name):
        if counted.drawn:
            continue
        for item in door.read_team(settings.published, counted.team, window, counted.rubric).body["items"]:
            signals = rests_on.get(item["item"], frozenset())
            if shares.tell_on_each_other(told, with_kin(signals, catalog)):
                value = _left_traces(settings, person_id, item["item"], signals, window)
                for band in _bands_meant(item, counted.size, policy):
                    needed = shares.others_needed(band.low, band.high, counted.size, value)
                    if needed is not None:
                        yield needed, f"{item['item']} in {window.name}"


def _bands_meant(item: Mapping[str, Any], size: int, policy: Policy) -> list[Band]:
    """The band that was published; every one it may have been, where it was withdrawn or the rule changed."""
    known = bands(size, k=policy.k, coalition=policy.coalition)
    if item["shown"]:
        return [band for band in known if band.word == item["band"]] or list(known)
    return list(known) if item["because"] == door.WITHDRAWN else []


def _left_traces(
    settings: Settings, person_id: str, item: str, signals: Collection[str], window: Window
) -> bool:
    """Whether this person's own report has traces of the item that its band would have counted."""
    report = door.read_self(settings.published, person_id, window).body
    first, end = window.starts_on.isoformat(), window.ends_on.isoformat()
    return any(
        row["signal"] in signals and first <= row["occurred_on"] < end
        for each in report["items"]
        if each["item"] == item
        for row in each["evidence"]
    )


def _adds_up(found: Sequence[tuple[int, str]]) -> str:
    fewest = min(needed for needed, _ in found)
    where = sorted({place for _, place in found})
    named = ", ".join(where[:3]) + (f" and {len(where) - 3} more" if len(where) > 3 else "")
    others = "one other" if fewest == 1 else f"{fewest} others"
    return (
        f"your team's band of {named} is out and counts you, and what you share tells your part in it. If "
        f"{others} of those counted tell theirs too, the band and what was told together can say what the "
        "rest did; a reader who was counted is one of them. Whether anybody else shares was not looked at. "
        "Nothing was shared; to share all the same, add --although-it-adds-up"
    )


def _lines(row: Mapping[str, Any]) -> Iterator[str]:
    yield f"{row['share']}  with {plain(row['with'] or 'somebody who was erased')}  {row['window']}"
    yield f"  {', '.join(plain(item) for item in row['items'])}" + (
        ", with notes" if row["with_notes"] else ""
    )
    last = date.fromisoformat(row["ends_on"]) - timedelta(days=1)
    ends = {
        "open": f"opens until {last}",
        "ended": f"opened until {last}",
        "revoked": f"ended by you on {row['ends_on']}",
    }
    yield f"  shared on {row['shared_on']}, {ends[row['state']]}"
    yield f"  opened on {', '.join(row['opened_on'])}" if row["opened_on"] else "  never opened"
