"""What the whole organisation may read of a signal: one coarse word a quarter, and what it overlaps with.

A band of the organisation beside the bands of its teams gives people away. This word does not: of each person
at most CAP objects count, and `often` begins at as many as there are people, and CAP more. Teams' bands
can never force that many, whatever somebody knows of themselves; so below it there is room for anybody to
have left a trace, and above it others can have left all. Only people of groups that have bands count at all.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from privacy import atomic_publish, published
from privacy.errors import AlreadyPublished, BrokenRelease, NotYetPublished, RefusedBody

if TYPE_CHECKING:
    from warehouse.windows import Window

FOLDER = "organisation"
CAP = 5
"""Most source objects of one person that count."""
OFTEN, SELDOM = "often", "seldom or never"
NOTHING: Mapping[str, Any] = {
    "because": "No team has as many people as the agreement asks for, so nothing is said.",
    "repositories": None,
    "signals": [],
}
_WINDOW = {"kind", "window", "window_starts_on", "window_ends_on", "published_on", "agreement_sha256"}
_BODY = _WINDOW | {"shown", *NOTHING}
_SIGNAL = {"signal", "asks", "kind", "repositories", "shown", "word", "overlaps", "because", "blind"}


class Traces(NamedTuple):
    """What the people of groups with bands left."""

    people: Collection[str]
    objects: Mapping[str, Mapping[str, Collection[str]]]
    """The source objects of each signal, by person."""
    aside: Collection[str] = ()
    """People for whom a random answer is counted instead of theirs."""
    drawn: Mapping[str, Collection[str]] = {}
    """For each signal, whom among them chance lets count."""


def often(counts: Mapping[str, int], size: int) -> bool:
    """Whether what `size` people left makes the upper of the two words."""
    return sum(min(CAP, count) for count in counts.values()) >= size + CAP


def signal_rows(repositories: int, signals: Sequence[Mapping[str, Any]], traces: Traces) -> dict[str, Any]:
    """Every signal, with its word where public facts let it be shown (its `because` is None)."""
    words = _words(traces)
    rows = []
    for signal in signals:
        shown = signal["because"] is None
        word, overlaps = words[signal["signal"]] if shown else (None, [])
        rows.append({**signal, "shown": shown, "word": word, "overlaps": overlaps})
    return {"because": None, "repositories": repositories, "signals": rows}


def _words(traces: Traces) -> dict[str, tuple[str, list[str]]]:
    """The word of every signal, and the others that hold most of its objects; both have to be `often`.

    Whoever left traces of which signal, most objects of the one may be objects of the other as well, or not:
    some left more objects than count, and of those who left few both are possible. Overlaps tell of objects.
    """
    own = sorted(set(traces.people) - set(traces.aside))
    left = {name: {who: sorted(of.get(who, ())) for who in own} for name, of in traces.objects.items()}
    are_often = []
    for name, of in left.items():
        chance = set(traces.drawn.get(name, ())) & set(traces.aside) & set(traces.people)
        counts = {who: len(ids) for who, ids in of.items()} | dict.fromkeys(chance, CAP)
        if often(counts, len(traces.people)):
            are_often.append(name)
    every = {name: {each for ids in left[name].values() for each in ids} for name in are_often}
    answers: dict[str, tuple[str, list[str]]] = dict.fromkeys(left, (SELDOM, []))
    for name in are_often:
        mine = {each for ids in left[name].values() for each in ids[:CAP]}
        answers[name] = (
            OFTEN,
            [other for other in sorted(every) if other != name and 2 * len(mine & every[other]) > len(mine)],
        )
    return answers


def check(body: Any) -> None:
    """Raises RefusedBody for anything in it that the organisation may not read."""
    wrong = []
    if not isinstance(body, Mapping) or set(body) != _BODY or body["kind"] != "organisation":
        raise RefusedBody("it is not a report about the signals of an organisation")
    if not body["shown"] and any(body[key] != value for key, value in NOTHING.items()):
        wrong.append("it is not shown and says something")
    for row in body["signals"]:
        if set(row) != _SIGNAL:
            wrong.append(f"signal {row.get('signal')!r} holds other keys than it may")
        elif row["shown"] is not True and (row["word"] is not None or row["overlaps"] or not row["because"]):
            wrong.append(f"signal {row['signal']!r} is hidden and has a word, or does not say why")
        elif row["shown"] is True and row["word"] not in (OFTEN, SELDOM):
            wrong.append(f"signal {row['signal']!r}: {row['word']!r} is no word")
    if wrong:
        raise RefusedBody("; ".join(wrong))


# --- where it lies --------------------------------------------------------------------------------------


def put_once(published_dir: Path, window: str, text: str) -> None:
    """Writes and records it, unless it is recorded; what a former run could not put in place is put there."""
    adopt(published_dir)
    name = f"{window}.json"
    with suppress(AlreadyPublished):
        atomic_publish.put_once(
            published_dir, None, {name: text}, lambda files: [name] if name in files else [], below=FOLDER
        )


def adopt(published_dir: Path) -> None:
    """Records what a Sightline before these releases were recorded has left, once."""
    folder = published_dir / FOLDER
    if folder.is_dir() and not (folder / published.MANIFEST).exists():
        with atomic_publish.publish_lock(published_dir):
            files = {path.name: published.digest(path.read_text("utf-8")) for path in _lying(folder)}
            atomic_publish.put_manifest(folder, published.Manifest(files))


def recorded(published_dir: Path) -> dict[str, str]:
    """The files below its folder that were published, with their hashes."""
    return published.read_manifest(published_dir / FOLDER).files


def windows(published_dir: Path) -> list[str]:
    """The windows the organisation has a release for, oldest first."""
    return sorted(path.stem for path in _lying(published_dir / FOLDER))


def latest(published_dir: Path) -> str:
    """The newest of them. Raises NotYetPublished."""
    if names := windows(published_dir):
        return names[-1]
    raise NotYetPublished(
        "nothing is published about signals yet; it comes with the last of a quarter's team releases, "
        "where the agreement has 'organisation' among its audiences"
    )


def read(published_dir: Path, window: str) -> dict[str, Any]:
    """The release of a window. Raises NotYetPublished, or BrokenRelease."""
    folder, name = published_dir / FOLDER, f"{window}.json"
    manifest = published.read_manifest(folder)
    # where no night has recorded anything yet, what lies there is from a Sightline that did not
    is_held_to_it = (folder / published.MANIFEST).exists() and (
        name in manifest.files or (folder / name).exists()
    )
    try:
        body: dict[str, Any] = (
            published.read_recorded(folder, name, manifest)
            if is_held_to_it
            else json.loads((folder / name).read_text(encoding="utf-8"))
        )
        check(body)
    except FileNotFoundError:
        raise NotYetPublished(
            f"nothing is published about signals in {window}; it comes with the last of the teams' releases"
        ) from None
    except (OSError, ValueError, RefusedBody) as error:
        raise BrokenRelease(f"{folder / name}: {error}") from error
    return body


def past(published_dir: Path, oldest: Window) -> dict[str, str]:
    """What is about windows before the oldest that is kept, with the hashes."""
    return {name: sha256 for name, sha256 in recorded(published_dir).items() if name < f"{oldest.name}.json"}


def expire(published_dir: Path, names: Collection[str]) -> None:
    """Removes these files and forgets them. A run that dies halfway can be repeated."""
    folder = published_dir / FOLDER
    if names:
        with atomic_publish.publish_lock(published_dir):
            for name in names:
                (folder / name).unlink(missing_ok=True)
            remaining = {
                name: sha256 for name, sha256 in recorded(published_dir).items() if name not in names
            }
            atomic_publish.put_manifest(folder, published.Manifest(remaining))


def _lying(folder: Path) -> list[Path]:
    return sorted(folder.glob("[0-9]*.json"))
