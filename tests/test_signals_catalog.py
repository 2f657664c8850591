"""A signal file that is wrong is refused with a sentence for each mistake; the ones we ship are right."""

from __future__ import annotations

import hashlib
from datetime import date
from functools import cache
from pathlib import Path

import pytest

from connectors.errors import BadInput
from signals.catalog import load_catalog
from signals.manual import manual
from signals.queries import BOOKKEEPING, columns_read, facts, never_stable
from signals.shared_views import SHARED, read_by

ROOT = Path(__file__).parents[1]
CATALOG = load_catalog()
BAD_HEADERS = Path(__file__).parent / "bad_maps" / "headers"

HEADER = {
    "signal": "praise",
    "answers": "Whom did this person praise?",
    "unit": "reviews",
    "reads": "[reviews]",
    "sensitivity": "band",
    "opportunity": "null",
    "guard": "none, because praise costs nothing.",
    "misleads": "Praise is often said aloud.",
    "basis": "made up",
    "owner": "tests",
    "review_by": "2027-06-30",
}
QUERY = """\
select
  reviewer_id as person_id,
  submitted_on as occurred_on,
  'pull_request' as source_kind,
  pull_request_id as source_id
from reviews
"""
UNSTABLE = "gives another answer another time; evidence is computed again and must come out the same"
FIRST = len(HEADER) + 3
"""The line on which the query begins, when the header is the one above."""


def test_a_newer_duckdb_whose_time_zones_are_not_stable_does_not_refuse_the_shipped_signals() -> None:
    """The rows are those of `duckdb_functions()` in DuckDB 2.0.1, as (name, stability)."""
    rows = [
        ("+", "CONSISTENT"),
        ("+", "CONSISTENT_WITHIN_QUERY"),
        ("date_trunc", "CONSISTENT_WITHIN_QUERY"),
        ("date_trunc", "CONSISTENT"),
        ("generate_series", None),
        ("generate_series", "CONSISTENT"),
        ("generate_series", "CONSISTENT_WITHIN_QUERY"),
        ("range", None),
        ("now", "CONSISTENT_WITHIN_QUERY"),
        ("Random", "VOLATILE"),
    ]
    assert never_stable(rows) == {"now", "random"}


def test_a_right_file_is_loaded_with_its_version(tmp_path: Path) -> None:
    path = write(tmp_path)
    signal = load_catalog(tmp_path / "signals")["praise"]
    assert (signal.kind, signal.reads, signal.opportunity) == ("evidence", ("reviews",), None)
    assert signal.review_by == date(2027, 6, 30)
    assert signal.path == path
    assert signal.sql == path.read_text()
    assert signal.sha256 == hashlib.sha256(path.read_bytes()).hexdigest()


# --- the header -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", sorted(path.stem for path in BAD_HEADERS.glob("*.sql")))
def test_a_broken_header_is_answered_with_every_mistake_at_once(name: str) -> None:
    expected = (BAD_HEADERS / f"{name}.expected").read_text().splitlines()
    assert expected
    assert [each for each in mistakes_in_bad_headers() if each.startswith(f"headers/{name}.sql:")] == expected


def test_every_expectation_belongs_to_a_broken_header() -> None:
    named = {path.stem for path in BAD_HEADERS.iterdir()}
    assert named == {path.stem for path in BAD_HEADERS.glob("*.sql")}
    assert len(named) + len([*BAD_HEADERS.parent.glob("*.yaml")]) >= 40
    assert {each.split(".sql:")[0] for each in mistakes_in_bad_headers()} == {f"headers/{n}" for n in named}


@pytest.mark.parametrize("sensitivity", ["band", "person", "self"])
def test_evidence_without_a_guard_says_why(tmp_path: Path, sensitivity: str) -> None:
    write(tmp_path, {"guard": "null", "sensitivity": sensitivity})
    assert mistakes(tmp_path) == [
        "signals/praise.sql:8: "
        "guard: is null for opportunities and steps alone; name one, or write `none, because ... .`"
    ]
    # what a night of long ago went by was right then
    assert load_catalog(tmp_path / "signals", are_checked=True)["praise"].unguarded is None
    write(tmp_path, {"sensitivity": sensitivity})
    signal = load_catalog(tmp_path / "signals")["praise"]
    assert (signal.guard, signal.unguarded) == (None, "praise costs nothing.")


def test_an_opportunity_needs_no_guard(tmp_path: Path) -> None:
    query = "select reviewer_id as person_id, submitted_on as occurred_on from reviews"
    write(tmp_path, {"kind": "opportunity", "guard": "null"}, query)
    assert load_catalog(tmp_path / "signals")["praise"].guard is None


def test_a_folder_without_signals_is_told_so(tmp_path: Path) -> None:
    (tmp_path / "signals").mkdir()
    assert mistakes(tmp_path) == [
        "signals/: there is no signal file here; a signal is signals/<name>.sql"
    ]  # fmt: skip


# --- the query ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("query", "line", "sentence"),
    [
        ("", 0, "the query is exactly one select statement"),
        (f"{QUERY}; select 1", 0, "the query is exactly one select statement"),
        ("delete from reviews", 0, "the query is exactly one select statement"),
        (
            "select reviewer_id as person_id, submitted_on as occurred_on from reviews",
            0,
            "a query of kind evidence returns person_id, occurred_on, source_kind, source_id;"
            " this one returns person_id, occurred_on",
        ),
        (
            QUERY.replace("submitted_on as", "submitted_on::timestamp as"),
            0,
            "column 'occurred_on' is timestamp, and date is asked for",
        ),
        (
            QUERY.replace("pull_request_id as source_id", "position as source_id"),
            0,
            "column 'source_id' is bigint, and varchar is asked for",
        ),
        (
            f"{QUERY}where submitted_on < current_date",
            6,
            f"current_date {UNSTABLE}",
        ),
        (
            f"{QUERY}where random() < 0.5",
            6,
            f"random() {UNSTABLE}",
        ),
        (
            f"{QUERY}where submitted_on < now()::date",
            6,
            f"now() {UNSTABLE}",
        ),
        (
            QUERY.replace("pull_request_id as", "uuid()::varchar as"),
            4,
            f"uuid() {UNSTABLE}",
        ),
        (
            QUERY.replace("submitted_on as", "any_value(submitted_on) as") + "group by all",
            2,
            f"any_value() {UNSTABLE}",
        ),
        (
            f"{QUERY}limit 10",
            6,
            "limit keeps whichever rows come first; say which ones are meant with qualify",
        ),
        (f"{QUERY}using sample 5 rows", 6, "a sample is different every time; remove it"),
        (f"{QUERY}where rowid > 5", 6, f"rowid {UNSTABLE}"),
        (
            QUERY.replace("submitted_on as", "arg_max(submitted_on, position) as") + "group by all",
            2,
            "arg_max() takes rows as they happen to lie; write an order by between its parentheses",
        ),
        (
            f"{QUERY}qualify row_number() over (partition by pull_request_id) = 1",
            6,
            "row_number() takes rows as they happen to lie; give its window an order by",
        ),
        (
            QUERY.replace("select", "select distinct on (reviewer_id)"),
            0,
            "distinct on keeps whichever row comes first; say which with qualify",
        ),
        (
            f"{QUERY}where approx_count_distinct(reviewer_id) > 1",
            6,
            f"approx_count_distinct() {UNSTABLE}",
        ),
        (
            f"{QUERY}positional join reviews as others",
            6,
            "a positional join pairs rows as they happen to lie; join by what they share",
        ),
        (
            f"{QUERY}where length(repeat('x', 1500000000)) > 1",
            6,
            "repeat() can make one value as large as the memory; a signal has no use for it",
        ),
        (
            "with recursive following as (select review_id from reviews union all select review_id from "
            f"following) {QUERY}",
            0,
            "'following' asks itself by union all, which goes round for ever where two rows lead to each "
            "other; write union",
        ),
        (
            f"{QUERY}where reviewer_id in (select name from read_csv('people.csv'))",
            6,
            "read_csv() reads something other than the warehouse's tables; remove it",
        ),
        (
            QUERY.replace("from reviews", "from main.reviews"),
            5,
            "table 'main.reviews' is written with its schema; write 'reviews'",
        ),
        (
            "select 'me' as person_id, date '2026-07-06' as occurred_on, '' as source_kind, '' as source_id",
            0,
            "the query reads no table; evidence comes from what happened",
        ),
        (
            f"with reviews as (select * from reviews where has_body) {QUERY}",
            0,
            "'reviews' is the name of a table; name the step after what was done in it",
        ),
        (f"{QUERY}where state = $state", 6, "the query takes no parameters; months are chosen around it"),
    ],
)  # fmt: skip
def test_a_wrong_query_is_answered_where_it_stands(
    tmp_path: Path, query: str, line: int, sentence: str
) -> None:
    write(tmp_path, query=query)
    assert f"signals/praise.sql:{FIRST + line}: {sentence}" in mistakes(tmp_path)


def test_a_query_that_does_not_parse_is_told_with_its_line(tmp_path: Path) -> None:
    write(tmp_path, query=QUERY.replace("from", "form"))
    (sentence,) = mistakes(tmp_path)
    assert sentence.startswith(f"signals/praise.sql:{FIRST + 5}: the query does not run: ")


def test_a_column_that_is_not_there_is_told_with_its_line(tmp_path: Path) -> None:
    write(tmp_path, query=QUERY.replace("reviewer_id", "reviewer"))
    (sentence,) = mistakes(tmp_path)
    assert sentence.startswith(f"signals/praise.sql:{FIRST + 1}: the query does not run: ")
    assert "reviewer_id" in sentence


def test_tables_read_and_tables_named_are_the_same(tmp_path: Path) -> None:
    write(tmp_path, {"reads": "[issues, reviews]"}, f"{QUERY} join pull_requests using (pull_request_id)")
    assert mistakes(tmp_path) == [
        "signals/praise.sql:5: reads: 'issues' is in the list and the query does not read it; remove it",
        "signals/praise.sql:5: reads: the query reads 'pull_requests', which is not in the list; add it",
    ]


def test_a_table_read_deep_inside_is_read(tmp_path: Path) -> None:
    inside = "where exists (select 1 from (select * from persons) as p where p.person_id = reviewer_id)"
    write(tmp_path, query=f"{QUERY}{inside}")
    assert mistakes(tmp_path) == [
        "signals/praise.sql:5: reads: the query reads 'persons', which is not in the list; add it"
    ]


def test_a_page_is_nobodys_evidence(tmp_path: Path) -> None:
    columns = "person_id, paged_on as occurred_on, 'incident' as source_kind, incident_id as source_id"
    write(tmp_path, {"reads": "[incident_pages]"}, f"select {columns} from incident_pages")
    assert mistakes(tmp_path) == [
        f"signals/praise.sql:{FIRST}: the query reads 'incident_pages', which a machine did to somebody and "
        "is nobody's contribution; an opportunity or a step may"
    ]
    step = f"select {columns}, incident_id from incident_pages"
    write(tmp_path, {"reads": "[incident_pages]", "kind": "step"}, step)
    assert load_catalog(tmp_path / "signals")["praise"].kind == "step"


@pytest.mark.parametrize("table", ["incident_pages", "evidence", "gaps"])
def test_no_step_in_capitals_hides_the_table_of_its_name(table: str, tmp_path: Path) -> None:
    """To the database they are one name: within the step it is the table, and after it the step."""
    named = table.title()
    query = (
        f"with {named} as (select * from {named})\n"
        "select author_id as person_id, merged_on as occurred_on, 'pull_request' as source_kind,\n"
        f"pull_request_id as source_id from pull_requests, {named}"
    )
    write(tmp_path, {"reads": "[pull_requests]"}, query)
    assert mistakes(tmp_path) == [
        f"signals/praise.sql:{FIRST}: {table!r} is the name of a table; name the step after what was done "
        "in it"
    ]


def test_a_table_in_capitals_is_the_table(tmp_path: Path) -> None:
    columns = "author_id as person_id, merged_on as occurred_on, 'pull_request' as source_kind"
    write(
        tmp_path,
        {"reads": "[pull_requests]"},
        f"select {columns}, pull_request_id as source_id from Pull_Requests",
    )
    assert load_catalog(tmp_path / "signals")["praise"].reads == ("pull_requests",)


def test_who_reads_a_view_needs_the_tables_behind_it(tmp_path: Path) -> None:
    query = (
        "select actor_id as person_id, occurred_on, 'incident' as source_kind, surviving_id as source_id\n"
        "from incident_actions join incidents_as_one using (incident_id)"
    )
    write(tmp_path, {"reads": "[incident_actions]"}, query)
    assert mistakes(tmp_path) == [
        "signals/praise.sql:5: reads: the query reads 'incidents', which is not in the list; add it"
    ]
    write(tmp_path, {"reads": "[incident_actions, incidents]"}, query)
    assert "praise" in load_catalog(tmp_path / "signals")


@pytest.mark.parametrize("table", sorted(BOOKKEEPING - {"migrations"}))
def test_what_the_pipeline_notes_about_itself_is_no_fact(tmp_path: Path, table: str) -> None:
    write(tmp_path, {"reads": f"[reviews, {table}]"}, f"{QUERY}where (select count(*) from {table}) > 0")
    assert mistakes(tmp_path) == [
        f"signals/praise.sql:{FIRST}: the query reads {table!r}, which the pipeline writes itself;"
        " a signal reads facts"
    ]


def test_a_query_reads_no_file_while_it_is_checked(tmp_path: Path) -> None:
    secret = tmp_path / "secret.csv"
    secret.write_text("person_id\nada\n")
    write(tmp_path, query=QUERY.replace("from reviews", f"from '{secret}'"))
    (sentence,) = mistakes(tmp_path)
    assert "disabled by configuration" in sentence


def test_mistakes_of_all_files_are_told_at_once(tmp_path: Path) -> None:
    write(tmp_path, {"signal": "wrong", "owner": None, "unit": "''"}, "select 1")
    write(tmp_path, {"signal": "other", "guard": "nothing", "reads": "[issues]"}, name="other")
    assert mistakes(tmp_path) == [
        "signals/other.sql:5: reads: 'issues' is in the list and the query does not read it; remove it",
        "signals/other.sql:5: reads: the query reads 'reviews', which is not in the list; add it",
        "signals/other.sql:8: guard: no signal named 'nothing'",
        "signals/praise.sql:1: owner: is missing",
        "signals/praise.sql:2: signal: is 'wrong' but the file is praise.sql; name both alike",
        "signals/praise.sql:4: unit: is empty; say it in a few words",
        "signals/praise.sql:5: reads: 'reviews' is in the list and the query does not read it; remove it",
        "signals/praise.sql:13: a query of kind evidence returns person_id, occurred_on, source_kind,"
        " source_id; this one returns 1",
        "signals/praise.sql:13: the query reads no table; evidence comes from what happened",
    ]


# --- the signals we ship --------------------------------------------------------------------------------


@pytest.mark.parametrize("view", SHARED)
def test_a_view_is_shared(view: str) -> None:
    assert len([signal for signal in CATALOG.values() if view in read_by(signal.sql)]) >= 2


def test_the_manual_is_what_the_headers_say() -> None:
    """`python -m signals.manual > docs/signals.md` writes it again."""
    assert (ROOT / "docs" / "signals.md").read_text() == manual(CATALOG)


@pytest.mark.parametrize("signal", CATALOG.of_kind("evidence"), ids=lambda signal: signal.signal)
def test_a_signal_that_waits_for_an_occasion_names_one_we_have(signal: object) -> None:
    opportunity = getattr(signal, "opportunity")  # noqa: B009
    assert opportunity is None or CATALOG[opportunity].kind == "opportunity"


def test_every_opportunity_is_asked_for_by_some_signal() -> None:
    asked = {signal.opportunity for signal in CATALOG.values()}
    assert {signal.signal for signal in CATALOG.of_kind("opportunity")} <= asked


def test_the_size_of_a_change_is_for_its_author_alone() -> None:
    """Lines changed per person are refused; one signal reads the band, for the person alone."""
    readers = [signal for signal in CATALOG.values() if "size_band" in signal.sql.split("*/")[1]]
    assert [(signal.signal, signal.sensitivity) for signal in readers] == [("work_size_band", "self")]


def test_reviews_received_are_never_counted() -> None:
    """Friction received differs by who asks. Whoever a row about feedback is for, it has no denominator."""
    assert CATALOG["feedback_addressed"].opportunity is None
    assert CATALOG["feedback_addressed"].sensitivity == "person"


def test_every_table_of_facts_is_used_by_some_signal() -> None:
    read = {table for signal in CATALOG.values() for table in signal.reads}
    assert facts() == read


def test_a_review_that_is_overdue_is_told(tmp_path: Path) -> None:
    write(tmp_path)
    catalog = load_catalog(tmp_path / "signals")
    assert catalog.overdue(date(2027, 6, 30)) == []
    assert catalog.overdue(date(2027, 7, 1)) == [
        "signals/praise.sql:1: review was due on 2027-06-30; tests should read the definition again"
        " and set a new date"
    ]


@pytest.mark.parametrize(
    ("query", "columns"),
    [
        ("select number from issues where state = 'open'", "number state"),
        (
            "with all_kept as (select * from issues) select number from all_kept order by state",
            "number state",
        ),
        ("select hash(commits) from commits", "pull_request_id commit_id committed_on position"),
        ("select max(number) filter (where state = 'open') from issues", "number state"),
        ("select 1 from issue_assignees semi join issues using (issue_id)", "issue_id"),
        ("select count(*) from comments", ""),
    ],
)
def test_columns_that_are_read_are_known_however_they_are_written(query: str, columns: str) -> None:
    assert sorted(columns_read(f"/*\n*/\n{query}").popitem()[1]) == sorted(columns.split())


def test_a_column_is_found_on_its_line_below_the_header() -> None:
    sql = "/*\nreads: [issues]\nstate: none\n*/\nselect number\nfrom issues\nwhere state = 'open'"
    assert columns_read(sql) == {"issues": {"number": 5, "state": 7}}


# --- builders -------------------------------------------------------------------------------------------


def write(
    folder: Path,
    change: dict[str, str | None] | dict[str, str] | None = None,
    query: str = QUERY,
    name: str = "praise",
) -> Path:
    header = {**HEADER, **(change or {})}
    lines = [f"{key}: {value}" for key, value in header.items() if value is not None]
    path = folder / "signals" / f"{name}.sql"
    path.parent.mkdir(exist_ok=True)
    path.write_text("\n".join(["/*", *lines, "*/", query]))
    return path


@cache
def mistakes_in_bad_headers() -> tuple[str, ...]:
    """All of them at once, as an operator gets them."""
    with pytest.raises(BadInput) as caught:
        load_catalog(BAD_HEADERS)
    return tuple(caught.value.mistakes)


def mistakes(folder: Path) -> list[str]:
    with pytest.raises(BadInput) as caught:
        load_catalog(folder / "signals")
    return caught.value.mistakes
