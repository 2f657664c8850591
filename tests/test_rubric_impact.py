"""What a changed map would do: to the rules, as logic has it; and to a team's bands, as the door has it."""

from __future__ import annotations

import json
from datetime import date, timedelta
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from filelock import FileLock
from hypothesis import given
from hypothesis import strategies as st

from cli.main import cli
from connectors.errors import BadInput
from privacy import door
from privacy.policy import load_policy
from rubric.cells import Evidence, SourceState, evaluate
from rubric.impact import changes
from rubric.map import Item, RubricMap
from rubric.rule import Indicator
from signals.catalog import load_catalog
from warehouse.store import Store
from warehouse.windows import Window

ROOT = Path(__file__).parents[1]
CATALOG = load_catalog()
Q3 = Window(2026, 3)
ENDED = date(2026, 10, 15)
GITHUB = {
    "source": "github",
    "complete": True,
    "from": "2026-01-01",
    "through": "2026-10-15",
    "because": None,
}

REVIEWED = "{signal: reviews_given, at_least: 2 pull requests, over: 1 quarter}"
DOCUMENTED = "{signal: docs_merged, at_least: 1 pull request, over: 1 quarter}"
ASKED = "ask: {because: It is said aloud., question: Which?}"

# --- what follows from the rules ------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("before", "after", "reach"),
    [
        (["reviews_given 2"], ["reviews_given 2"], "same"),
        (["reviews_given 2"], ["reviews_given 1"], "wider"),
        (["reviews_given 2"], ["reviews_given 3"], "narrower"),
        (["reviews_given 2"], ["docs_merged 2"], "other"),
        (["reviews_given 2 weeks"], ["reviews_given 2"], "wider"),
        (["reviews_given 2"], ["reviews_given 2", "docs_merged 1"], "narrower"),
        (["any", "reviews_given 2"], ["any", "reviews_given 2", "docs_merged 1"], "wider"),
        (["reviews_given 2", "docs_merged 1"], ["any", "reviews_given 2", "docs_merged 1"], "wider"),
        (["reviews_given 2"], [], "ends"),
        ([], ["reviews_given 2"], "begins"),
    ],
)
def test_a_rule_is_wider_when_it_is_met_by_all_that_met_the_old_one(
    before: list[str], after: list[str], reach: str
) -> None:
    found = changes(a_map(rule(before)), a_map(rule(after)), CATALOG)
    assert [each.reach for each in found] == ([] if reach == "same" else [reach])


indicators = st.builds(
    Indicator,
    st.sampled_from(["reviews_given", "docs_merged"]),
    st.integers(1, 3),
    st.just("pull requests"),
    st.sampled_from([None, 2]),
    st.integers(1, 2),
)
rules = st.tuples(
    st.sampled_from(["all", "any"]),
    st.lists(indicators, min_size=1, max_size=2, unique_by=lambda each: each.signal),
)


@given(
    rules, rules, st.lists(st.tuples(st.sampled_from(["reviews_given", "docs_merged"]), st.integers(0, 180)))
)
def test_no_evidence_contradicts_what_is_said_of_a_rule(
    before: tuple[str, list[Indicator]], after: tuple[str, list[Indicator]], days: list[tuple[str, int]]
) -> None:
    one, other = item(before[1], before[0]), item(after[1], after[0])
    reach = next((each.reach for each in changes(a_map(one), a_map(other), CATALOG)), "same")
    was, becomes = seen(one, days), seen(other, days)
    if reach in ("same", "wider"):
        assert becomes or not was
    if reach in ("same", "narrower"):
        assert was or not becomes


def test_amounts_and_weeks_move_no_band_and_signals_and_spans_do() -> None:
    old = a_map(rule(["reviews_given 2"]))

    def band(*indicators: str) -> list[str]:
        return [each.band_reach for each in changes(old, a_map(rule(list(indicators))), CATALOG)]

    assert band("reviews_given 3") == ["same"]
    assert band("reviews_given 2", "docs_merged 1") == ["wider"]
    assert band("docs_merged 1") == ["other"]
    assert band("review_questions 1") == ["ends"]


def test_the_order_of_indicators_is_no_change() -> None:
    one, other = rule(["reviews_given 2", "docs_merged 1"]), rule(["docs_merged 1", "reviews_given 2"])
    assert changes(a_map(one), a_map(other), CATALOG) == []


# --- the page for a pull request ------------------------------------------------------------------------


def test_without_settings_the_maps_alone_are_compared(tmp_path: Path) -> None:
    old, new = yaml_map(tmp_path, "old", REVIEWED), yaml_map(tmp_path, "new", DOCUMENTED)
    text = CliRunner().invoke(cli, ["--config", "none.yaml", "rubric", "impact", old, new]).output
    assert "- **`names`** changed" in text
    assert "removed `reviews_given` (may feed a band)" in text
    assert text.endswith("Bands were not compared: there are no settings here that name a warehouse.\n")


def test_equal_maps_have_no_impact(tmp_path: Path) -> None:
    old, new = yaml_map(tmp_path, "old", REVIEWED), yaml_map(tmp_path, "new", REVIEWED)
    text = CliRunner().invoke(cli, ["--config", "none.yaml", "rubric", "impact", old, new]).output
    assert text.endswith(
        "No item changes its class, its rule, its signals or its words, or what stands beside it.\n"
    )


def test_what_is_shown_beside_an_item_is_a_change_that_moves_no_band(tmp_path: Path) -> None:
    old, new = yaml_map(tmp_path, "old", REVIEWED), yaml_map(tmp_path, "new", REVIEWED)
    path = Path(new)
    path.write_text(path.read_text() + "    beside: [reverted_within_14_days]\n")
    text = CliRunner().invoke(cli, ["--config", "none.yaml", "rubric", "impact", old, new]).output
    assert "added beside it, deciding nothing: `reverted_within_14_days` (the engineer alone)" in text
    assert "No item changes" not in text


def test_words_are_named_and_not_quoted(tmp_path: Path) -> None:
    old, new = (
        yaml_map(tmp_path, "old", REVIEWED),
        yaml_map(tmp_path, "new", REVIEWED, says="Hums <b>tunes</b>."),
    )
    text = CliRunner().invoke(cli, ["--config", "none.yaml", "rubric", "impact", old, new]).output
    assert "other words in: says" in text
    assert "Hums" not in text


def test_the_mistakes_of_both_maps_are_told_at_once(tmp_path: Path) -> None:
    maps = [yaml_map(tmp_path, name, REVIEWED.replace("given", "taken")) for name in ("old", "new")]
    done = CliRunner().invoke(cli, ["--config", "none.yaml", "rubric", "impact", *maps])
    assert isinstance(done.exception, BadInput)
    assert [mistake.split(":")[0] for mistake in done.exception.mistakes] == ["old.yaml", "new.yaml"]


def test_maps_of_two_rubrics_are_no_two_versions_of_one(tmp_path: Path) -> None:
    old, new = yaml_map(tmp_path, "old", REVIEWED), yaml_map(tmp_path, "new", REVIEWED)
    Path(new).write_text(Path(new).read_text().replace("garden", "orchard"))
    done = CliRunner().invoke(cli, ["--config", "none.yaml", "rubric", "impact", old, new])
    assert isinstance(done.exception, BadInput)
    assert done.exception.mistakes == [
        "new.yaml: is a map of 'orchard' and old.yaml one of 'garden'; name two versions of one map, "
        "or compare rubrics with `sightline rubric diff`"
    ]


# --- bands ----------------------------------------------------------------------------------------------


def test_a_band_is_the_published_word_and_the_one_the_new_map_would_have(home: Path) -> None:
    assert bands(home, REVIEWED, DOCUMENTED) == [("large", "fewer than half", "about half or more")]


def test_no_band_is_compared_unless_a_team_is_named(home: Path) -> None:
    maps = [yaml_map(home, "old", REVIEWED), yaml_map(home, "new", DOCUMENTED)]
    command = ["--config", str(home / "sightline.yaml"), "rubric", "impact", *maps, "--format", "json"]
    done = CliRunner().invoke(cli, command)
    assert json.loads(done.output)["bands"]["rows"] == []
    assert "--team" in json.loads(done.output)["bands"]["note"]


def test_a_team_too_small_for_bands_has_no_row(home: Path) -> None:
    both = ("--team", "small", "--team", "large")
    assert {team for team, _, _ in bands(home, REVIEWED, DOCUMENTED, *both)} == {"large"}
    assert bands(home, REVIEWED, DOCUMENTED, "--team", "small") == []


def test_a_band_that_rests_on_the_same_is_not_worked_out_again(home: Path) -> None:
    """Somebody's trace came late. The same question gets no second answer, however the rule is reworded."""
    store = Store(home / "home" / "warehouse.duckdb")
    store.insert("evidence", [trace_of(person, "reviews_given") for person in range(5)])
    store.close()
    assert bands(home, REVIEWED, REVIEWED.replace("2 pull", "1 pull")) == []
    assert bands(home, REVIEWED, f"{REVIEWED}\n      - {QUESTIONS}") == []


def test_an_item_that_is_no_longer_looked_for_loses_its_band(home: Path) -> None:
    assert bands(home, REVIEWED, ASKED) == [("large", "fewer than half", "not shown")]


def test_a_signal_that_was_not_computed_yet_gives_no_word(home: Path) -> None:
    new = "{signal: coauthored_work, at_least: 1 pull request, over: 1 quarter}"
    assert bands(home, REVIEWED, new) == [("large", "fewer than half", "not computed yet")]


def test_a_withdrawn_item_gets_no_other_word(home: Path) -> None:
    door.withdraw(home / "home" / "published", "large", Q3, "names", withdrawn_on=ENDED)
    assert bands(home, REVIEWED, DOCUMENTED) == []


def test_an_item_fed_by_a_source_that_was_not_connected_gets_no_word(home: Path) -> None:
    new = "{signal: incident_roles, at_least: 1 incident, over: 1 quarter}"
    assert bands(home, REVIEWED, new)[0][2] == "not shown"


def test_no_count_of_people_leaves(home: Path) -> None:
    found = json.loads(impact(home, REVIEWED, DOCUMENTED, "--format", "json").output)
    assert set(found["bands"]) == {"window", "note", "rows"}
    assert {key for row in found["bands"]["rows"] for key in row} == {"team", "item", "before", "after"}
    assert not [
        value for row in found["bands"]["rows"] for value in row.values() if not isinstance(value, str)
    ]


def test_while_a_night_writes_nothing_is_read(home: Path) -> None:
    with FileLock(home / "home" / "writer.lock"):
        done = impact(home, REVIEWED, DOCUMENTED)
    assert isinstance(done.exception, BadInput)
    assert "a night is writing here; ask again when it has ended" in done.exception.mistakes[0]


def test_the_warehouse_is_read_and_not_written(home: Path) -> None:
    before = (home / "home" / "warehouse.duckdb").read_bytes()
    published = {path: path.read_bytes() for path in (home / "home" / "published").rglob("*.json")}
    bands(home, REVIEWED, DOCUMENTED)
    assert (home / "home" / "warehouse.duckdb").read_bytes() == before
    assert {path: path.read_bytes() for path in (home / "home" / "published").rglob("*.json")} == published


# --- builders -------------------------------------------------------------------------------------------

QUESTIONS = "{signal: review_questions, at_least: 1 pull request, over: 1 quarter}"


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """A team of six with few reviews and much documentation, one of four; both published for 2026Q3."""
    (tmp_path / "sightline.yaml").write_text("home: home\nroster: roster.csv\n")
    store = Store(tmp_path / "home" / "warehouse.duckdb")
    store.insert("memberships", [member(person, "large" if person < 6 else "small") for person in range(10)])
    traces = [("reviews_given", 1), *(("docs_merged", person) for person in range(5))]
    store.insert("evidence", [trace_of(person, signal) for signal, person in traces])
    run = [
        {"signal": name, "sha256": each.sha256} for name, each in CATALOG.items() if name != "coauthored_work"
    ]
    store.insert("signal_runs", run)
    store.close()
    for team, members in (("large", {f"p{n}" for n in range(6)}), ("small", {f"p{n}" for n in range(6, 10)})):
        about = {"item": "names", "pillar": "Craft", "group": "Names", "says": "S.", "class": "partly"}
        about |= {
            "question": "Which?",
            "because": "B.",
            "sources": ["github"],
            "misleads": [],
            "bandable": True,
        }
        released = door.release_team(
            team=team,
            window=Q3,
            members=members,
            traces={"names": {"p1"}},
            items=[about],
            sources=[GITHUB],
            rubric={"id": "garden", "title": "Garden"},
            policy=load_policy(ROOT / "agreement.yaml"),
            published_on=ENDED,
        )
        door.publish(tmp_path / "home" / "published", released)
    return tmp_path


def impact(home: Path, old: str, new: str, *more: str) -> Result:
    maps = [yaml_map(home, "old", old), yaml_map(home, "new", new)]
    config = str(home / "sightline.yaml")
    named = more if "--team" in more else (*more, "--team", "large")
    return CliRunner().invoke(cli, ["--config", config, "rubric", "impact", *maps, *named])


def bands(home: Path, old: str, new: str, *more: str) -> list[tuple[str, str, str]]:
    found = json.loads(impact(home, old, new, "--format", "json", *more).output)["bands"]["rows"]
    return [(row["team"], row["before"], row["after"]) for row in found]


def yaml_map(folder: Path, name: str, answer: str, says: str = "Knows names.") -> str:
    if not answer.startswith("ask"):
        answer = (
            f"class: partly\n    because: B.\n    question: Which?\n    seen_when: all\n"
            f"    indicators:\n      - {answer}"
        )
    path = folder / f"{name}.yaml"
    path.write_text(
        "rubric: garden\ntitle: Garden\nleads: {}\nitems:\n  names:\n    pillar: Craft\n    group: Names\n"
        f"    says: {says}\n    source: {{document: garden, sha256: {'ab' * 32}}}\n    {answer}\n"
    )
    return str(path)


def member(person: int, team: str) -> dict[str, object]:
    row = {"person_id": f"p{person}", "team": team, "manager_id": None, "rubric": "garden"}
    return row | {"starts_on": date(2026, 1, 1), "ends_on": None}


def trace_of(person: int, signal: str) -> dict[str, object]:
    row = {"person_id": f"p{person}", "signal": signal, "occurred_on": date(2026, 8, 3)}
    return row | {"source_kind": "pull_request", "source_id": f"PR{person}"}


def rule(said: list[str]) -> Item:
    """`["any", "reviews_given 2 weeks"]` as an item; nothing said is an item that is asked."""
    found = []
    for each in said:
        if each != "any":
            signal, amount, *weeks = each.split()
            found.append(Indicator(signal, int(amount), "pull requests", 2 if weeks else None))
    return item(found, "any" if "any" in said else "all")


def item(indicators: list[Indicator], seen_when: str = "all") -> Item:
    return Item(
        "names", "Craft", "Names", "S.", "partly" if indicators else "ask", "B.", "Q?", tuple(indicators),
        "any" if seen_when == "any" else "all", "ab" * 32, 1,
    )  # fmt: skip


def a_map(*items: Item) -> RubricMap:
    return RubricMap("garden", "Garden", {}, items, ())


def seen(one: Item, days: list[tuple[str, int]]) -> bool:
    """Whether evidence on these days of the two quarters meets the item's rule."""
    start = Q3.previous().starts_on
    rows = [
        Evidence("p1", signal, start + timedelta(days=day), "pull_request", f"PR{number}")
        for number, (signal, day) in enumerate(days)
    ]
    tables = frozenset(table for signal in CATALOG.values() for table in signal.reads)
    complete = SourceState("github", tables, start, ENDED, complete=True)
    cell = evaluate(
        one, CATALOG, person_id="p1", window=Q3, as_of=ENDED, evidence=rows, opportunities=set(),
        memberships=[(start, None)], sources=[complete],
    )  # fmt: skip
    return cell.state == "seen"
