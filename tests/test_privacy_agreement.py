"""`agreement.yaml`: every mistake named at once, never laxer than the floors, in step with what is built."""

from __future__ import annotations

import hashlib
import re
from datetime import date
from pathlib import Path

import pytest
from pydantic import ValidationError

from config.settings import load_settings
from connectors.errors import BadInput
from flows.context import hold
from privacy import floors
from privacy.policy import Policy, check_agreement, load_policy
from signals.catalog import load_catalog
from warehouse import absences, rights

ROOT = Path(__file__).parents[1]
SHIPPED = ROOT / "agreement.yaml"


# --- the shipped agreement ------------------------------------------------------------------------------


def test_the_shipped_agreement_is_accepted() -> None:
    policy = load_policy(SHIPPED)
    assert (policy.k, policy.coalition, policy.delay_days, policy.hold_days) == (5, 1, 14, 28)
    assert policy.sha256 == hashlib.sha256(SHIPPED.read_bytes().rstrip()).hexdigest()


def test_the_agreement_lists_exactly_the_tables_and_fields_of_the_warehouse() -> None:
    policy = load_policy(SHIPPED)
    listed: dict[str, set[str]] = {}
    for tables in [source.tables for source in policy.sources.values()] + [policy.computed]:
        for table, fields in tables.items():
            listed.setdefault(table, set()).update(fields)
    assert listed == warehouse_fields()


def test_the_agreement_lists_exactly_what_people_say_and_decide_about_themselves() -> None:
    listed = {table: set(fields) for table, fields in load_policy(SHIPPED).rights.items()}
    made = "".join(path.read_text() for path in sorted(rights.MIGRATIONS.glob("*.sql")))
    assert listed == fields_made_by(made) | fields_made_by(absences.SCHEMA)
    assert set(rights.TABLES) == set(listed) - {"draw_key", "absences"}


def test_the_agreement_lists_exactly_the_signals_that_exist() -> None:
    existing = {path.stem for path in (ROOT / "signals").glob("*.sql")}
    assert set(load_policy(SHIPPED).signals or ()) == existing


def test_no_field_that_the_agreement_lists_is_a_moment() -> None:
    fields = {field for fields in warehouse_fields().values() for field in fields}
    assert {field for field in fields if field.endswith(("_at", "_time", "_hour"))} == set()


# --- what it says is what holds ---------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("wrong", "right"),
    [("k: 4", "k: 5"), ("coalition: 0", "coalition: 1"), ("delay_days: 13", "delay_days: 14")],
)
def test_an_agreement_laxer_than_a_floor_is_refused_and_the_floor_itself_is_not(
    tmp_path: Path, wrong: str, right: str
) -> None:
    key, floor = right.split(": ")
    sentence = f"{key}: {wrong.split(': ')[1]} is laxer than the built-in floor of {floor}"
    assert [sentence in mistake for mistake in mistakes(tmp_path, (right, wrong))] == [True]
    load_policy(changed(tmp_path, (right, right)))


def test_an_agreement_that_counts_people_who_were_hardly_there_is_refused(tmp_path: Path) -> None:
    found = mistakes(tmp_path, ("presence_percent: 50", "presence_percent: 49"))
    assert "laxer than the built-in floor of 50" in found[0]


def test_a_stricter_agreement_is_accepted(tmp_path: Path) -> None:
    path = changed(
        tmp_path, ("k: 5", "k: 8"), ("coalition: 1", "coalition: 2"), ("delay_days: 14", "delay_days: 30")
    )
    policy = load_policy(path)
    assert (policy.k, policy.coalition, policy.delay_days) == (8, 2, 30)


def test_consent_is_no_basis_for_work(tmp_path: Path) -> None:
    found = mistakes(tmp_path, ("basis: works agreement", "basis: consent"))
    assert [re.sub(r":\d+:", ":N:", each) for each in found] == [
        f"agreement.yaml:N: purposes.{purpose}.basis: consent is no basis for work: nobody can freely "
        "refuse an employer; name another basis"
        for purpose in ("growth-conversations", "team-coverage", "fair-absence")
    ]


@pytest.mark.parametrize("output", sorted(floors.FORBIDDEN_OUTPUTS))
def test_no_agreement_can_leave_out_what_is_always_forbidden(tmp_path: Path, output: str) -> None:
    found = mistakes(tmp_path, (f"  {output}:", "  something-else:"))
    assert [f"does not forbid {output};" in mistake for mistake in found] == [True]


def test_no_agreement_can_keep_payloads(tmp_path: Path) -> None:
    assert (
        "payloads are never stored" in mistakes(tmp_path, ("raw_payloads_days: 0", "raw_payloads_days: 1"))[0]
    )


def test_no_agreement_can_leave_out_the_people_it_is_about(tmp_path: Path) -> None:
    text = re.sub(r"\n  self:\n(    .*\n)+", "\n", SHIPPED.read_text())
    path = tmp_path / "agreement.yaml"
    path.write_text(text)
    with pytest.raises(BadInput, match="audiences: leaves out 'self'"):
        load_policy(path)


def test_no_file_can_claim_a_hash_of_its_own(tmp_path: Path) -> None:
    assert "no key is named 'sha256'" in mistakes(tmp_path, ("title:", "sha256: abc\ntitle:"))[0]


# --- mistakes -------------------------------------------------------------------------------------------


def test_every_mistake_is_named_at_once_with_its_line(tmp_path: Path) -> None:
    found = mistakes(
        tmp_path,
        ("k: 5", "k: 4"),
        ("windows: calendar quarter", "windows: month"),
        ("evidence_months: 15", "evidence_month: 15"),
        ("purposes: [growth-conversations, fair-absence, team-coverage]", "purposes: [growth-conversation]"),
        ("hold_days: 28", "hold_days: soon"),
    )
    lines = changed(tmp_path).read_text().splitlines()

    def line(start: str) -> int:
        return next(n for n, text in enumerate(lines, 1) if text.strip().startswith(start))

    assert found == [
        f"agreement.yaml:{line('purposes: [growth-conversations, fair-absence, team-coverage]')}: "
        "sources.files.purposes.1: no purpose is named 'growth-conversation'; "
        "did you mean 'growth-conversations'?",
        f"agreement.yaml:{line('k: 5')}: k: 4 is laxer than the built-in floor of 5; write 5 or more",
        f"agreement.yaml:{line('windows:')}: windows: input should be 'calendar quarter'",
        f"agreement.yaml:{line('hold_days:')}: hold_days: input should be a valid integer",
        f"agreement.yaml:{line('retention:')}: retention: 'evidence_months' is missing; add it",
        f"agreement.yaml:{line('evidence_months:')}: retention: no key is named 'evidence_month'; "
        "did you mean 'evidence_months'?",
    ]


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("", "the file is empty"),
        ("- a list", "the agreement: expected keys with values"),
        ("k: [", "not YAML"),
        ("title: &a [*a]", "repeats itself without end"),
        ("title: One.\ntitle: Two.", "title: is written twice"),
        ("title: true", "title: input should be a valid string"),
        ("title: No full stop", "title: is not a sentence"),
        ("sources: {Git Hub: {}}", "sources.Git Hub: is not a name"),
        ("k: true", "k: input should be a valid integer"),
        ("k: 5.0", "k: input should be a valid integer"),
        ("k: '5'", "k: input should be a valid integer"),
        ("presence_percent: 101", "presence_percent: input should be less than or equal to 100"),
    ],
)
def test_a_wrong_file_is_refused_with_a_sentence(tmp_path: Path, text: str, sentence: str) -> None:
    path = tmp_path / "agreement.yaml"
    path.write_text(text)
    with pytest.raises(BadInput) as error:
        load_policy(path)
    assert [mistake for mistake in error.value.mistakes if sentence in mistake]
    assert all(re.match(r"agreement\.yaml:\d+: ", mistake) for mistake in error.value.mistakes)


def test_the_agreement_cannot_change_while_it_is_in_force() -> None:
    policy = load_policy(SHIPPED)
    with pytest.raises(ValidationError, match="frozen"):
        policy.k = 4
    with pytest.raises(TypeError, match="does not support item assignment"):
        policy.sources["slack"] = policy.sources["github"]  # type: ignore[index]


# --- in use and not agreed to -----------------------------------------------------------------------------


def test_nothing_is_said_about_what_is_agreed_to() -> None:
    assert unagreed() == []


def test_everything_in_use_and_not_agreed_to_is_named() -> None:
    assert unagreed(
        sources=["github", "slack"], signals=["reviews_give"], tables={"reviews": ["body"], "messages": []}
    ) == [
        "agreement.yaml: source 'slack' is in use and not agreed to; agree to it there or stop using it",
        "agreement.yaml: signal 'reviews_give' is in use and not agreed to; did you mean 'reviews_given'?",
        "agreement.yaml: table 'messages' is in use and not agreed to; agree to it there or stop using it",
        "agreement.yaml: table 'reviews': field 'body' is in use and not agreed to; did you mean 'has_body'?",
    ]


def test_an_agreement_to_all_listed_signals_agrees_to_any(tmp_path: Path) -> None:
    text = re.sub(r"\nsignals:\n(  .*\n)+", "\nsignals: all listed\n", SHIPPED.read_text())
    path = tmp_path / "agreement.yaml"
    path.write_text(text)
    assert unagreed(load_policy(path), signals=["brand_new"]) == []
    assert unagreed(load_policy(path), sources=["slack"]) != []


def test_no_night_begins_while_a_signal_reads_a_column_that_was_taken_out(tmp_path: Path) -> None:
    path = changed(tmp_path, ("        - has_context\n", ""))
    config = tmp_path / "sightline.yaml"
    config.write_text(f"home: home\nroster: roster.csv\nagreement: {path}\n")
    with (
        pytest.raises(BadInput) as error,
        hold(
            load_settings(config),
            date(2026, 10, 1),
            policy=load_policy(path),
            catalog=load_catalog(are_checked=True),
            maps={},
            roster=(),
            connectors=(),
        ),
    ):
        pytest.fail("the night began")
    text = (ROOT / "signals" / "context_given.sql").read_text()
    line = text[: text.index("has_context")].count("\n") + 1
    assert error.value.mistakes == [
        f"signals/context_given.sql:{line}: reads 'has_context' of 'pull_requests', which agreement.yaml "
        "does not list there; leave it out of the query, or agree to it there first"
    ]
    assert not (tmp_path / "home").exists()


# --- builders -------------------------------------------------------------------------------------------


def changed(tmp_path: Path, *changes: tuple[str, str]) -> Path:
    """The shipped agreement with some of its text replaced."""
    text = SHIPPED.read_text()
    for old, new in changes:
        assert old in text
        text = text.replace(old, new)
    path = tmp_path / "agreement.yaml"
    path.write_text(text)
    return path


def mistakes(tmp_path: Path, *changes: tuple[str, str]) -> list[str]:
    with pytest.raises(BadInput) as error:
        load_policy(changed(tmp_path, *changes))
    return error.value.mistakes


def unagreed(
    policy: Policy | None = None,
    *,
    sources: list[str] | None = None,
    signals: list[str] | None = None,
    tables: dict[str, list[str]] | list[str] | None = None,
) -> list[str]:
    return check_agreement(
        policy or load_policy(SHIPPED),
        sources_in_use=sources or ["github", "roster"],
        signals_in_use=signals or ["reviews_given"],
        tables_in_use=tables or ["pull_requests", "evidence"],
    )


def warehouse_fields() -> dict[str, set[str]]:
    """Every table and column that the migrations make, read from their text."""
    texts = [path.read_text() for path in sorted((ROOT / "warehouse" / "migrations").glob("*.sql"))]
    found = fields_made_by("\n".join(texts))
    assert len(found) > 25
    return found


def fields_made_by(sql: str) -> dict[str, set[str]]:
    found: dict[str, set[str]] = {}
    text = re.sub(r"--.*", "", sql)
    for table, columns in re.findall(r"create table (?:if not exists )?(\w+) \((.*?)\n\)", text, re.DOTALL):
        found[table] = set(re.findall(r"^\s+(?!primary|unique|foreign|check)(\w+) ", columns, re.MULTILINE))
    for table, column in re.findall(r"alter table (\w+) add column (?:if not exists )?(\w+)", text):
        found[table].add(column)
    return found
