"""The operator's settings: one YAML file, overridden by SIGHTLINE_* variables.

Nothing reads the environment but this and `config/orchestrator_environment.py`.
Secrets never stand in the file: they come from `GITHUB_TOKEN`, `GITHUB_APP_PRIVATE_KEY`,
`PAGERDUTY_TOKEN` and `INCIDENT_IO_TOKEN`, or from files that the same names with `_FILE` behind them name.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Mapping
from datetime import date
from pathlib import Path
from typing import Any

from pydantic import BaseModel, Field, SecretStr, ValidationError, create_model
from pydantic_settings import (
    BaseSettings,
    InitSettingsSource,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
)

from config.network import SignIn
from connectors import registry
from connectors.errors import BadInput
from connectors.files.hr_export import HrExport
from connectors.files.settings import FileSource
from connectors.github.incidents.settings import GitHubIncidentsSettings
from connectors.github.postmortems.settings import GitHubPostmortemsSettings
from connectors.github.settings import GitHubSettings, GitHubTeamsSettings, RepositorySettings
from connectors.incident_io.settings import IncidentIoSettings
from connectors.marked_yaml import Marked, NotYaml, marked
from connectors.pagerduty.settings import PagerDutySettings


def _shipped() -> Path:
    installed = Path(__file__).resolve().parent / "shipped"
    return installed if installed.is_dir() else installed.parents[1]


SHIPPED = _shipped()
"""The folder of the shipped agreement, maps and examples: inside an installed package, or the checkout."""

PERSONAL_AGREEMENT = SHIPPED / "agreement-solo.yaml"

_ROSTER_MISSING = "roster is missing; add it to this file"
_ROSTER_TWICE = "roster and github_teams both say who is in which team; keep one"

_PATHS = ("home", "roster", "rubric_map", "agreement")


class Settings(BaseSettings):
    """Everything a night needs to know. Relative paths are relative to the settings file."""

    model_config = SettingsConfigDict(
        env_prefix="SIGHTLINE_", env_nested_delimiter="__", extra="forbid", frozen=True
    )

    home: Path = Path("sightline-home")
    roster: Path | None = None
    hr_export: HrExport | None = None
    """How to read the roster where it is an export of another system."""
    github_teams: GitHubTeamsSettings | None = None
    """Home teams from GitHub's own teams, instead of a roster."""
    rubric_map: Path = SHIPPED / "rubric_map.yaml"
    """The map in force for whoever the roster names no other rubric for."""
    rubric_maps: tuple[Path, ...] = ()
    """Further maps, each a file, or all the YAML files of a folder: other roles, other levels."""
    signals: tuple[Path, ...] = ()
    """Folders of signals of the organisation's own, beside the shipped ones."""
    agreement: Path = SHIPPED / "agreement.yaml"
    github: GitHubSettings | None = None
    github_incidents: GitHubIncidentsSettings | None = None
    github_postmortems: GitHubPostmortemsSettings | None = None
    pagerduty: PagerDutySettings | None = None
    incident_io: IncidentIoSettings | None = None
    files: tuple[FileSource, ...] = ()
    audit_anchor: Path | None = None
    """Where each night's end of the audit log is copied: a place that whoever can write here cannot write."""
    erasures: Path | None = None
    """Where marks of erased people are kept: outside of the home and its backups. None: beside the home."""
    resolvers: tuple[str, ...] = ()
    """Logins of those who may decide contests: of anybody but themselves and whom they manage."""
    officers: tuple[str, ...] = ()
    """Logins of privacy officers: they may read a report for a reason, and its person is told."""
    keepers: tuple[str, ...] = ()
    """Logins of those who may say which accounts are one person's, of anybody."""
    sign_in: SignIn = SignIn()
    schedule: str = Field(default="0 3 * * *", description="cron, in UTC")
    prefect_server_without_authentication: bool = False
    """Use the server that PREFECT_API_URL names although it obeys anybody who reaches it."""

    @property
    def maps(self) -> tuple[Path, ...]:
        """Every map in force, the one for everybody else first, each file once."""
        paths = [self.rubric_map]
        for path in self.rubric_maps:
            paths += sorted(path.glob("*.y*ml")) if path.is_dir() else [path]
        return tuple({path.resolve(): path for path in paths[::-1]}.values())[::-1]

    @property
    def warehouse_file(self) -> Path:
        return self.home / "warehouse.duckdb"

    @property
    def vault_file(self) -> Path:
        return self.home / "vault.duckdb"

    @property
    def rights_file(self) -> Path:
        return self.home / "rights.duckdb"

    @property
    def absences_file(self) -> Path:
        return self.home / "absences.duckdb"

    @property
    def rules_folder(self) -> Path:
        return self.home / "rules"

    @property
    def published(self) -> Path:
        return self.home / "published"

    @property
    def status_file(self) -> Path:
        return self.home / "status.json"

    @property
    def receipts(self) -> Path:
        return self.home / "receipts"

    @property
    def failure_file(self) -> Path:
        return self.home / "last-failure.txt"

    @property
    def lock_file(self) -> Path:
        return self.home / "writer.lock"

    @property
    def audit_file(self) -> Path:
        return self.home / "audit.jsonl"

    @property
    def agreement_in_force(self) -> Path:
        return self.home / "agreement.yaml"

    @property
    def recorded_file(self) -> Path:
        """The settings of the last night."""
        return self.home / "settings.json"

    @property
    def erasures_folder(self) -> Path:
        home = self.home.resolve()  # by whatever path a reader reaches it, it has one list of erased people
        return self.erasures or home.with_name(f"{home.name}.erasures")

    @property
    def audit_key(self) -> Path:
        return self.home / "audit.key"


def load_settings(path: Path) -> Settings:
    """The settings of this file and the environment. Raises BadInput with every mistake and its line."""
    written = _read(path)
    data = written.data
    if mistakes := [*_secrets_in(path, written)]:
        raise BadInput(mistakes)

    teams = [
        name
        for name in ("roster", "github_teams")
        if name in data or f"SIGHTLINE_{name.upper()}" in os.environ
    ]
    mistakes = [] if len(teams) == 1 else [f"{path}:1: {_ROSTER_MISSING if not teams else _ROSTER_TWICE}"]
    try:
        settings = _settings(data, with_environment=True)
    except ValidationError as error:
        mistakes = [*(_sentence(path, written, problem) for problem in error.errors()), *mistakes]
    if mistakes:
        raise BadInput(mistakes)
    return _with_secrets(_with_absolute_paths(settings, path.resolve().parent))


def without_secrets(settings: Settings) -> dict[str, Any]:
    """What is not a default, as JSON holds it; no secret, and not the home."""
    secrets: dict[str, set[str]] = {}
    for section, key in registry.secrets():
        secrets.setdefault(section, set()).add(key)
    return settings.model_dump(mode="json", exclude_defaults=True, exclude={"home": True, **secrets})


def settings_from(data: Mapping[str, Any], home: Path) -> Settings:
    """The settings that `without_secrets` wrote; only secrets come from the environment.

    Raises ValidationError.
    """

    return _with_secrets(_settings({**data, "home": home}, with_environment=False))


def _settings(data: Mapping[str, Any], *, with_environment: bool) -> Settings:
    """Settings from plain data, overridden by SIGHTLINE_* variables or not. Raises ValidationError."""

    class FromData(Settings):
        @classmethod
        def settings_customise_sources(
            cls,
            settings_cls: type[BaseSettings],
            init_settings: PydanticBaseSettingsSource,
            env_settings: PydanticBaseSettingsSource,
            dotenv_settings: PydanticBaseSettingsSource,
            file_secret_settings: PydanticBaseSettingsSource,
        ) -> tuple[PydanticBaseSettingsSource, ...]:
            del init_settings, dotenv_settings, file_secret_settings
            from_data = InitSettingsSource(settings_cls, init_kwargs=dict(data))
            return (env_settings, from_data) if with_environment else (from_data,)

    sections: dict[str, Any] = {
        entry.section: (entry.settings | None, None)
        for entry in registry.ENTRIES
        if entry.section not in Settings.model_fields
    }
    return create_model("WithEverySource", __base__=FromData, **sections)() if sections else FromData()


def solo_settings(secret: SecretStr) -> Settings:
    """Settings for one person with a token and no file; SIGHTLINE_* variables may say where GitHub is.

    `home` is the folder that holds a home for each account. Raises BadInput.
    """
    try:
        settings = Settings(
            home=_data_folder() / "sightline" / "solo",
            roster=Path(os.devnull),
            agreement=SHIPPED / "agreement.yaml",
            hr_export=None,
            github_teams=None,
            github_incidents=None,
            github_postmortems=None,
            pagerduty=None,
            incident_io=None,
            files=(),
            audit_anchor=None,
        )
    except ValidationError as error:
        mistakes = []
        for problem in error.errors():
            name = "__".join(str(part).upper() for part in problem["loc"])
            mistakes.append(f"SIGHTLINE_{name}: {problem['msg'].removeprefix('Value error, ')}")
        raise BadInput(mistakes) from None
    github = settings.github or GitHubSettings()
    patience = {} if "wait_limit_seconds" in github.model_fields_set else {"wait_limit_seconds": 90}
    return settings.model_copy(update={"github": github.model_copy(update={"token": secret, **patience})})


def _data_folder() -> Path:
    """Where programs keep what is somebody's own, by the XDG convention."""
    return Path(os.environ.get("XDG_DATA_HOME") or Path.home() / ".local" / "share")


def addresses_of(settings: Settings) -> list[str]:
    """The address of every API that a night asks, each once."""
    sections = [getattr(settings, entry.section, None) for entry in registry.ENTRIES]
    return sorted({section.base_url for section in sections if section and hasattr(section, "base_url")})


def no_earlier_than(settings: Settings, floor: date) -> Settings:
    """The same settings, with no source asked about days before the floor."""
    update: dict[str, Any] = {}
    for name in type(settings).model_fields:
        section = getattr(settings, name)
        # what else is kept on GitHub is asked about from the day that GitHub is, unless it says otherwise
        inherits = isinstance(section, RepositorySettings) and section.since is None
        if isinstance(section, BaseModel) and hasattr(section, "since") and not inherits:
            update[name] = section.model_copy(update={"since": max(section.since or floor, floor)})
    return settings.model_copy(update=update)


def asked_too_early(settings: Settings, floor: date) -> list[str]:
    """A sentence for each source whose `since` is before the floor, and so is not followed."""
    first_days = {
        name: getattr(getattr(settings, name), "since", None) for name in type(settings).model_fields
    }
    return [
        f"{name}.since {since} is before {floor}, the first day that the agreement keeps "
        "(retention.evidence_months): nothing older is asked for; agree on more months to look further back"
        for name, since in first_days.items()
        if isinstance(since, date) and since < floor
    ]


def token(name: str) -> SecretStr | None:
    """The token in this variable, or in the file that <name>_FILE names. Raises BadInput for a bad file."""
    if value := os.environ.get(name, "").strip():
        return SecretStr(value)
    if file := os.environ.get(f"{name}_FILE"):
        try:
            return SecretStr(Path(file).read_text().strip())
        except OSError as error:
            raise BadInput(
                [f"{name}_FILE: {file} cannot be read ({error.strerror}); check the path"]
            ) from None
    return None


def _read(path: Path) -> Marked:
    try:
        text = path.read_text(encoding="utf-8-sig")
    except OSError as error:
        raise BadInput(
            [f"{path}: cannot be read ({error.strerror}); name your settings file with --config"]
        ) from None
    except UnicodeDecodeError:
        raise BadInput([f"{path}: is not UTF-8 text; save it as UTF-8"]) from None
    try:
        written = marked(text)
    except NotYaml as error:
        raise BadInput([error.sentence(path)]) from None
    if written.data is None:
        written.data = {}
    if not isinstance(written.data, dict):
        kind = type(written.data).__name__
        raise BadInput([f"{path}:1: the settings are `key: value` lines, not a {kind}"])
    if written.mistakes:
        raise BadInput(
            [
                f"{path}:{written.line(place)}: {'.'.join(map(str, place))} {sentence}"
                for place, sentence in written.mistakes
            ]
        )
    return written


def _secrets_in(path: Path, written: Marked) -> Iterator[str]:
    for (section, key), variable in registry.secrets().items():
        if line := written.lines.get((section, key)):
            yield (
                f"{path}:{line}: {section}.{key} does not belong in a file that is shared; "
                f"put it into {variable}, or name a file that holds it in {variable}_FILE"
            )


def _sentence(path: Path, written: Marked, problem: Any) -> str:
    line = written.line(problem["loc"])
    where = ".".join(str(part) for part in problem["loc"])
    match problem["type"]:
        case "extra_forbidden":
            says = "is not a setting; check the spelling against docs/settings.md"
        case "missing":
            says = "is missing; add it to this file"
        case "tuple_type":
            says = "is a list; write it like [one, other]"
        case _:
            says = f"is wrong: {problem['msg'].lower()}"
    return f"{path}:{line}: {where} {says}"


def _with_absolute_paths(settings: Settings, folder: Path) -> Settings:
    moved: dict[str, Any] = {name: folder / at for name in _PATHS if (at := getattr(settings, name))}
    for name in ("audit_anchor", "erasures"):
        if (elsewhere := getattr(settings, name)) is not None:
            moved[name] = folder / elsewhere
    if ca_file := settings.sign_in.ca_file:
        moved["sign_in"] = settings.sign_in.model_copy(update={"ca_file": folder / ca_file})
    moved["rubric_maps"] = tuple(folder / path for path in settings.rubric_maps)
    moved["signals"] = tuple((folder / path).resolve() for path in settings.signals)
    moved["files"] = tuple(
        source.model_copy(update={"path": folder / source.path}) for source in settings.files
    )
    return settings.model_copy(update=moved)


def _with_secrets(settings: Settings) -> Settings:
    update: dict[str, BaseModel] = {}
    for (section, key), variable in registry.secrets().items():
        source: BaseModel | None = update.get(section, getattr(settings, section, None))
        is_app = isinstance(source, GitHubSettings) and source.app_id is not None
        if is_app and key == "token":
            continue  # GITHUB_TOKEN then proves who reads, and fetches nothing
        if source is not None and (secret := token(variable)) is not None:
            several = tuple(map(SecretStr, re.split(r"[\s,]+", secret.get_secret_value())))
            update[section] = source.model_copy(update={key: several if key == "more_tokens" else secret})
    return settings.model_copy(update=update)


def environment_with(**variables: str) -> dict[str, str]:
    """This process's environment and these, for a child."""
    return {**os.environ, **variables}
