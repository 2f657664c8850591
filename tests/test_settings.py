"""A wrong settings file is refused before anything starts, every mistake with its line."""

from __future__ import annotations

from pathlib import Path

import pytest

from config.settings import load_settings
from connectors.errors import BadInput


def test_paths_are_relative_to_the_settings_file(tmp_path: Path) -> None:
    settings = load_settings(written(tmp_path, "roster: people/roster.csv\nhome: data\n"))
    assert settings.roster == tmp_path / "people" / "roster.csv"
    assert settings.warehouse_file == tmp_path / "data" / "warehouse.duckdb"


def test_a_variable_overrides_the_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SIGHTLINE_GITHUB__BASE_URL", "https://github.example.com/api/v3")
    path = written(
        tmp_path, "roster: r.csv\ngithub:\n  base_url: https://other\n  repositories: [acme/api]\n"
    )
    github = load_settings(path).github
    assert github is not None
    assert github.base_url == "https://github.example.com/api/v3"
    assert list(github.repositories) == ["acme/api"]


def test_the_token_comes_from_the_environment_or_a_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = written(tmp_path, "roster: r.csv\ngithub:\n  repositories: [acme/api]\n")
    (tmp_path / "secret").write_text("from-a-file\n")
    monkeypatch.delenv("GITHUB_TOKEN", raising=False)
    monkeypatch.setenv("GITHUB_TOKEN_FILE", str(tmp_path / "secret"))
    github = load_settings(path).github
    assert github is not None
    assert github.token is not None
    assert github.token.get_secret_value() == "from-a-file"
    assert "from-a-file" not in repr(load_settings(path))


def test_a_github_app_gets_its_key_from_the_environment_and_no_token(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    app = "roster: r.csv\ngithub:\n  repositories: [acme/api]\n  app_id: 1\n  app_installation_id: 2\n"
    path = written(tmp_path, app)
    monkeypatch.delenv("GITHUB_APP_PRIVATE_KEY", raising=False)
    monkeypatch.setenv("GITHUB_TOKEN", "a reader's own")
    github = load_settings(path).github
    assert github is not None
    assert (github.token, github.app_private_key) == (None, None)
    monkeypatch.setenv("GITHUB_APP_PRIVATE_KEY", "key")
    github = load_settings(path).github
    assert github is not None
    assert github.app_private_key is not None


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("home: h\n", "s.yaml:1: roster is missing; add it to this file"),
        (
            "roster: r.csv\nhoem: h\n",
            "s.yaml:2: hoem is not a setting; check the spelling against docs/settings.md",
        ),
        (
            "roster: r.csv\ngithub:\n  repositories: [acme/api]\n  page_sise: 5\n",
            "s.yaml:4: github.page_sise is not a setting; check the spelling against docs/settings.md",
        ),
        (
            "roster: r.csv\nsignals: ours/\n",
            "s.yaml:2: signals is a list; write it like [one, other]",
        ),
        ("roster: [\n", "s.yaml:2: not YAML"),
        ("\ufeffhoem: h\n", "s.yaml:1: hoem is not a setting"),
        ("roster: a\nroster: b\n", "s.yaml:2: roster is written twice"),
        ("roster: &a [*a]\n", "s.yaml:1: roster.0 repeats itself without end; write it out"),
        ("- roster\n", "s.yaml:1: the settings are `key: value` lines"),
        (
            "roster: r.csv\ngithub:\n  token: abc\n",
            "s.yaml:3: github.token does not belong in a file that is shared",
        ),
    ],
)
def test_a_mistake_is_named_with_its_line(tmp_path: Path, text: str, sentence: str) -> None:
    with pytest.raises(BadInput) as raised:
        load_settings(written(tmp_path, text))
    assert any(sentence in mistake for mistake in raised.value.mistakes), raised.value.mistakes


def test_every_mistake_is_reported_at_once(tmp_path: Path) -> None:
    with pytest.raises(BadInput) as raised:
        load_settings(written(tmp_path, "hoem: h\nrosters: r\n"))
    assert len(raised.value.mistakes) == 3


def test_a_missing_file_says_how_to_name_one(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="--config"):
        load_settings(tmp_path / "none.yaml")


def written(folder: Path, text: str) -> Path:
    path = folder / "s.yaml"
    path.write_text(text)
    return path
