"""An agreement is amended by two people, in plain words, and everything written about it follows from it."""

from __future__ import annotations

from pathlib import Path

import pytest
from in_process import sightline

from config.settings import SHIPPED, Settings
from connectors.errors import BadInput
from privacy.amendments import adopt, differences, signature, signature_line, signers
from privacy.logbook import agreements_logged
from privacy.papers import PAPERS
from privacy.policy import body_sha256, load_policy

TEXT = (SHIPPED / "agreement.yaml").read_text()


@pytest.mark.parametrize("paper", PAPERS)
def test_a_paper_that_is_checked_in_says_what_the_agreement_says(paper: str) -> None:
    made = PAPERS[paper](load_policy(SHIPPED / "agreement.yaml"))
    assert (SHIPPED / "docs" / f"{paper}.md").read_text() == made, (
        f"docs/{paper}.md is stale: run `sightline privacy {paper} > docs/{paper}.md`"
    )


def test_the_papers_name_every_purpose_source_field_and_forbidden_output() -> None:
    policy = load_policy(SHIPPED / "agreement.yaml")
    record, notice = PAPERS["record"](policy), PAPERS["notice"](policy)
    for name, source in policy.sources.items():
        assert f"**{name}**" in notice
        for table, fields in source.tables.items():
            assert f"| {name} | {', '.join(source.purposes)} | {table} | {', '.join(fields)} |" in record
    for says in policy.forbidden_outputs.values():
        assert says in notice


def test_the_first_night_puts_the_agreement_into_force_and_logs_it(tmp_path: Path) -> None:
    settings = settings_with(tmp_path, TEXT)
    adopt(settings, load_policy(settings.agreement))
    adopt(settings, load_policy(settings.agreement))
    assert settings.agreement_in_force.read_text() == TEXT
    assert agreements_logged(settings) == [body_sha256(TEXT)]


@pytest.mark.parametrize(
    ("names", "said"),
    [
        ([], "and nobody has signed it; it takes 2 names"),
        (["Ada"], "and only ada has signed it; it takes 2 names"),
        (["Ada", "ADA "], "and only ada has signed it; it takes 2 names"),
    ],
)
def test_an_amendment_without_two_names_is_refused_with_all_that_it_changes(
    names: list[str], said: str, tmp_path: Path
) -> None:
    settings = settings_with(tmp_path, TEXT)
    adopt(settings, load_policy(settings.agreement))
    settings.agreement.write_text(signed(AMENDED, names))
    with pytest.raises(BadInput) as refused:
        adopt(settings, load_policy(settings.agreement))
    assert said in refused.value.mistakes[0]
    assert "  keeps evidence longer: 24 months instead of 15" in refused.value.mistakes
    assert "  the smallest team that has bands: 6 instead of 5, which is stricter" in refused.value.mistakes
    assert settings.agreement_in_force.read_text() == TEXT


def test_an_amendment_with_two_names_is_put_into_force_and_logged(tmp_path: Path) -> None:
    settings = settings_with(tmp_path, TEXT)
    adopt(settings, load_policy(settings.agreement))
    settings.agreement.write_text(signed(AMENDED, ["Ada", "Grace"]))
    adopt(settings, load_policy(settings.agreement))
    assert agreements_logged(settings) == [body_sha256(TEXT), body_sha256(AMENDED)]
    assert load_policy(settings.agreement_in_force).k == 6


def test_a_signature_under_another_text_does_not_count(tmp_path: Path) -> None:
    path = tmp_path / "agreement.yaml"
    path.write_text(signed(AMENDED, ["Ada", "Grace"]).replace("k: 6", "k: 7"))
    assert signers(load_policy(path)) == []


def test_signing_does_not_change_what_is_signed(tmp_path: Path) -> None:
    path = tmp_path / "agreement.yaml"
    path.write_text(TEXT)
    for name in ("Ada", "Grace"):
        path.write_text(path.read_text().rstrip() + "\n" + signature_line(path, name) + "\n")
    policy = load_policy(path)
    assert signers(policy) == ["ada", "grace"]
    assert policy.sha256 == body_sha256(TEXT)


def test_nothing_can_be_agreed_to_below_the_signatures(tmp_path: Path) -> None:
    path = tmp_path / "agreement.yaml"
    path.write_text(signed(TEXT.replace("k: 5\n", ""), ["Ada", "Grace"]) + "k: 5\n")
    with pytest.raises(BadInput, match="approved: stands above parts of the agreement; signatures come last"):
        load_policy(path)


def test_an_agreement_in_force_that_was_altered_by_hand_is_found(tmp_path: Path) -> None:
    settings = settings_with(tmp_path, TEXT)
    adopt(settings, load_policy(settings.agreement))
    settings.agreement.write_text(AMENDED)
    settings.agreement_in_force.write_text(AMENDED)
    with pytest.raises(BadInput, match="is not the agreement that was put into force"):
        adopt(settings, load_policy(settings.agreement))


@pytest.mark.parametrize(
    ("before", "after", "sentence"),
    [
        (
            "      interviews: [interview_id, source,",
            "      interviews: [source,",
            "kept from files, no longer: interviews (interview_id)",
        ),
        ("  - reviews_given\n", "", "no longer asks: reviews_given"),
        (
            "delay_days: 14",
            "delay_days: 28",
            "days between the end of a quarter and its release: 28 instead of 14, which is stricter",
        ),
        (
            "opt_out: bands and evidence",
            "opt_out: nothing",
            "what somebody may opt out of: nothing instead of bands and evidence",
        ),
        (
            "    basis: works agreement\n",
            "    basis: contract\n",
            "rewords the purpose growth-",
        ),
        ("  sole-basis: ", "  other-basis: ", "drops the forbidden output sole-basis: "),
        ("      - A person, a count,", "      - A count,", "team never sees, no longer: A person, a count,"),
    ],
)
def test_each_kind_of_change_is_a_sentence(before: str, after: str, sentence: str, tmp_path: Path) -> None:
    assert before in TEXT
    path = tmp_path / "agreement.yaml"
    path.write_text(TEXT.replace(before, after, 1))
    found = differences(load_policy(SHIPPED / "agreement.yaml"), load_policy(path))
    assert any(each.startswith(sentence) for each in found), found


def test_two_agreements_that_say_the_same_differ_in_nothing(tmp_path: Path) -> None:
    path = tmp_path / "agreement.yaml"
    path.write_text("# another comment\n" + TEXT)
    assert sightline(None, "privacy", "agreement", "diff", SHIPPED / "agreement.yaml", path) == (
        "they agree to the same; only the wording differs"
    )


# --- builders -------------------------------------------------------------------------------------------

AMENDED = TEXT.replace("evidence_months: 15", "evidence_months: 24").replace("\nk: 5\n", "\nk: 6\n")


def settings_with(folder: Path, agreement: str) -> Settings:
    (folder / "agreement.yaml").write_text(agreement)
    return Settings(home=folder / "home", roster=folder / "none.csv", agreement=folder / "agreement.yaml")


def signed(text: str, names: list[str]) -> str:
    lines = [signature(name, "2026-11-22", body_sha256(text)) for name in names]
    return "\n".join([text.rstrip(), *(["approved:"] if lines else []), *lines, ""])
