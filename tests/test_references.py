"""What a text names is kept as ids, and nothing else of it."""

from __future__ import annotations

import pytest

from connectors.references import incidents_named, pull_requests_named


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("fixed by https://github.com/acme/api/pull/12", ["acme/api#12"]),
        ("see https://github.example.com/acme/a.b-c/pull/12/files", ["acme/a.b-c#12"]),
        ("acme/api#12, acme/web#3 and acme/api#12", ["acme/api#12", "acme/web#3"]),
        ("(acme/api#12)", ["acme/api#12"]),
        ("#12 without a repository", []),
        ("an issue https://github.com/acme/api/issues/12", []),
        ("caused by acme/api#12", []),
        ("broken since acme/api#11\nreverted in acme/api#12", ["acme/api#12"]),
        ("a/path/acme/api#12", []),
        ("acme/api#0", []),
        ("", []),
        (None, []),
    ],
)
def test_the_pull_requests_of_a_text(text: str | None, named: list[str]) -> None:
    assert list(pull_requests_named(text)) == named


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("https://acme.pagerduty.com/incidents/Q1ABCDEF234567", ["Q1ABCDEF234567"]),
        ("https://acme.eu.pagerduty.com/incidents/Q1ABCDEF234567?x=y", ["Q1ABCDEF234567"]),
        ("https://app.incident.io/acme/incidents/123", ["INC-123"]),
        ("https://app.incident.io/incidents/123", ["INC-123"]),
        ("Closes INC-123 and INC-123", ["INC-123"]),
        ("INC-0123", ["INC-123"]),
        ("PINC-123, inc-123, INC-12345678", []),
        ("https://evil.example/pagerduty.com/incidents/Q1ABCDEF234567", []),
        (
            "https://acme.app.opsgenie.com/incident/detail/00000000-1111-2222-3333-444444444444",
            ["00000000-1111-2222-3333-444444444444"],
        ),
        (None, []),
    ],
)
def test_the_incidents_of_a_text(text: str | None, named: list[str]) -> None:
    assert list(incidents_named(text)) == named
