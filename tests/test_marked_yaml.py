"""YAML as plain data with lines, whoever wrote it."""

from __future__ import annotations

import warnings
from datetime import UTC, date, datetime
from typing import Any

import pytest

from connectors.marked_yaml import NotYaml, marked


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("", None),
        ("~", None),
        ("true", True),
        ("yes", "yes"),
        ("12", 12),
        ("-1.5", -1.5),
        ("'12'", "12"),
        ("1e7", "1e7"),
        ("1" * 64, "1" * 64),
        ("2026-07-09", date(2026, 7, 9)),
        ("2026-13-09", "2026-13-09"),
        ("2026-07-09T23:30:00-02:00", datetime(2026, 7, 10, 1, 30, tzinfo=UTC)),
        ("2026-07-09 10:00:00", datetime(2026, 7, 9, 10, tzinfo=UTC)),
        ("0001-01-01T00:00:00+09:00", "0001-01-01T00:00:00+09:00"),
        ("!mine text", "text"),
        ("{a: [1, {b: c}]}", {"a": [1, {"b": "c"}]}),
        ("%YAML 1.1\n--- [yes, On, no, off]", [True, True, False, False]),
    ],
)
def test_a_value_is_what_it_looks_like(text: str, value: Any) -> None:
    found = marked(text).data
    assert (found, type(found)) == (value, type(value))


def test_everything_has_the_line_of_its_key_or_entry() -> None:
    found = marked("one: 1\ntwo:\n  - three: 3\n  - 4\n")
    places = [("one",), ("two",), ("two", 0), ("two", 0, "three"), ("two", 1)]
    assert [found.line(place) for place in places] == [1, 2, 3, 3, 4]
    assert found.line(("two", 1, "nothing", "below")) == 4


def test_a_key_written_twice_is_told_with_its_second_line() -> None:
    found = marked("a: 1\nb: 2\na: 3\n")
    assert [(found.line(place), place, sentence) for place, sentence in found.mistakes] == [
        (3, ("a",), "is written twice")
    ]
    assert found.data == {"a": 3, "b": 2}


def test_a_merge_key_gives_the_keys_that_a_group_does_not_have_itself() -> None:
    found = marked("- &a {x: 1, y: 1}\n- &b {y: 2, z: 2}\n- <<: [*a, *b]\n  x: 3\n- '<<': text\n")
    assert found.data == [{"x": 1, "y": 1}, {"y": 2, "z": 2}, {"x": 3, "y": 1, "z": 2}, {"<<": "text"}]
    assert not found.mistakes
    assert [found.line((2, key)) for key in "xyz"] == [4, 1, 2]
    assert marked("a: &a {<<: *a, x: 1}\n").mistakes == [(("a",), "repeats itself without end; write it out")]


@pytest.mark.parametrize(
    ("text", "line", "problem"),
    [
        ("a: 1\n<<: b", 2, "<< takes a group of keys"),
        ("a: b: c", 1, "mapping values are not allowed here"),
        ("a: 1\n---\nb: 1\n", 2, "expected a single document"),
        ("a: 1\nb: \x07\n", 2, "it holds a control character"),
        ('a: "\\UFFFFFFFF"', 1, "it cannot be read"),
        ("%YAML 1.0\n--- a", 1, "it cannot be read"),
        ("a: 1\n? [b]\n: 2\n", 2, "a key is a list or a group"),
        ("[" * 1_000, 1, "nested too deeply"),
        ("- " * 1_000, 1, "nested too deeply"),
    ],
)
def test_what_is_not_yaml_has_a_line_and_a_problem(text: str, line: int, problem: str) -> None:
    with pytest.raises(NotYaml, match=problem) as error:
        marked(text)
    assert error.value.line == line
    assert error.value.sentence("map.yaml", 4).startswith(
        f"map.yaml:{line + 4}: not YAML: {error.value.problem}"
    )


def test_a_text_is_read_up_to_its_largest_size() -> None:
    assert marked("a" * 99, 100).data == "a" * 99
    with pytest.raises(NotYaml, match="longer than 100 characters"):
        marked("a" * 101, 100)


def test_aliases_do_not_multiply_without_bound() -> None:
    levels = "".join(f"l{n}: &l{n} [{', '.join([f'*l{n - 1}'] * 9)}]\n" for n in range(1, 10))
    with pytest.raises(NotYaml, match="with all that it repeats it is longer than 1000000 characters"):
        marked(f"l0: &l0 word\n{levels}")
    assert marked("a: &a [1]\nb: *a\n").data == {"a": [1], "b": [1]}


def test_no_warning_repeats_what_was_written() -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert marked("- &a one\n- &a two\n").data == ["one", "two"]
