"""Sharing some of one's own cells with one reader: made, listed, ended, and opened by the reader."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta
from typing import Any, NamedTuple

from app.request import Asker, window_named
from app.roles import checked
from config.recorded_settings import RecordedSettings
from config.settings import Settings
from connectors.errors import BadInput
from people.own_report import check_items, report_of
from people.rights import rights_of
from people.shared_bands import bands_added_to, is_decided, why_it_adds_up, with_kin
from privacy import door, logbook, shares
from privacy.errors import AddsUp, NoReport
from privacy.policy import load_policy
from privacy.released import Released
from reports.neutral import plain
from rubric import cells
from rubric.map import load_maps
from signals.catalog import load_catalog
from warehouse.vault_lookup import find_login, find_person_waiting
from warehouse.windows import parse_window, today

NO_SHARE = "there is nothing to open here: no such share, or it is not for you, or no longer"
"""For every token that opens nothing, whatever the reason."""


class NewShare(NamedTuple):
    """A share that was made."""

    share_id: str
    token: str
    """Opens it, and is stored nowhere."""
    opens_until: date
    random_answers_in: list[str]
    """Quarters of which nothing is published yet."""


@checked
def make_share(
    settings: RecordedSettings,
    asker: Asker,
    items: Sequence[str],
    reader: str,
    days: int,
    window: str | None,
    *,
    with_notes: bool,
    although: bool,
) -> NewShare:
    """Shares these items of whoever asks with one reader, by login, for some days.

    Raises BadInput, and AddsUp where the share could help to tell what teammates did, unless `although`.
    """
    policy, catalog = load_policy(settings.agreement), load_catalog(own=settings.signals)
    person_id, name = asker.person_id, window_named(settings, window)
    chosen = list(dict.fromkeys(items))
    report = door.read_self(settings.published, person_id, name).body
    check_items(report, chosen)
    most = min(shares.LONGEST_DAYS, policy.retention.shares_days)
    if not 1 <= days <= most:
        raise BadInput([f"{days} days: a share stays open from 1 to {most} days"])
    recipient_id = _reader(settings, asker, reader)
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
    shared_signals = with_kin({indicator.signal for item in shown for indicator in item.indicators}, catalog)
    read = {each for item in shown for each in cells.windows_read(item, parse_window(name))}
    secret, on = shares.new_token(), today()
    span = (on, on + timedelta(days=days))
    with rights_of(settings) as own:  # a window is published before this or after it
        added_to = [
            band
            for each in sorted(read)
            for band in bands_added_to(
                settings, own, policy, catalog, rests_on, person_id, shared_signals, each
            )
        ]
        if added_to and not although:
            raise AddsUp(why_it_adds_up(added_to))
        for each in sorted(read):
            if not own.counted(person_id, each.name):
                own.note_early(person_id, each.name)
        made = own.share(person_id, recipient_id, shares.token_sha256(secret), name, chosen, with_notes, span)
        logbook.note(settings, "share made", person=logbook.mark(settings, person_id), share=made.share_id)
    to_come = [each.name for each in sorted(read) if not is_decided(settings, person_id, each)]
    return NewShare(made.share_id, secret, span[1] - timedelta(days=1), to_come)


@checked
def list_shares(settings: RecordedSettings, asker: Asker) -> list[dict[str, Any]]:
    """The shares of whoever asks, each with the days on which it was opened."""
    on = today()
    with rights_of(settings) as own:
        own_shares, views = own.shares(asker.person_id), own.views(asker.person_id)
    return [
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
        for each in own_shares
    ]


@checked
def end_share(settings: RecordedSettings, asker: Asker, share_id: str) -> None:
    """Revokes a share of whoever asks. Raises BadInput where they have no such open share."""
    person_id = asker.person_id
    with rights_of(settings) as own:
        if not own.revoke(person_id, share_id, today()):
            raise BadInput([f"you have no open share '{plain(share_id)}'; `sightline me shares` lists them"])
        logbook.note(settings, "share revoked", person=logbook.mark(settings, person_id), share=share_id)


@checked
def open_share(settings: RecordedSettings, asker: Asker, secret: str) -> Released:
    """What a token opens for its reader, once that is logged. Raises NoReport.

    Where it opens nothing the same is looked at in the same order before that is said, whatever the reason.
    """
    on, reader_id = today(), asker.known_as
    with rights_of(settings) as own:
        share = own.share_of_token(shares.token_sha256(secret))
        if not shares.opens(share, reader_id, on) or share is None or reader_id is None:
            raise NoReport(NO_SHARE)
    try:
        report = report_of(settings, share.person_id, share.quarter)
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


def _reader(settings: Settings, asker: Asker, login: str) -> str:
    """The id of the one reader. Raises BadInput for nobody, somebody unknown, and oneself."""
    from connectors.github.accounts import account_of

    assert settings.github is not None
    assert asker.token is not None  # both were there when whoever asks was proven
    account = account_of(settings.github.base_url, asker.token, login)
    reader_id = find_person_waiting(settings.vault_file, account) if account else None
    if reader_id is None:
        raise BadInput(
            [
                f"{plain(login)}: nobody of this login is known here; "
                "only people Sightline knows can open a share"
            ]
        )
    if reader_id == asker.person_id:
        raise BadInput([f"{plain(login)}: that is you; `sightline me` shows you all of it"])
    return reader_id
