"""What Prefect sees of the environment: everything with an operator's own server, an allow-list with ours."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

_QUIET = {
    "DO_NOT_TRACK": "1",
    "PREFECT_SERVER_ANALYTICS_ENABLED": "false",
    "PREFECT_CLOUD_ENABLE_ORCHESTRATION_TELEMETRY": "false",
    "PREFECT_RESULTS_PERSIST_BY_DEFAULT": "false",
    "PREFECT_LOGGING_LEVEL": "CRITICAL",
    "PREFECT_SERVER_LOGGING_LEVEL": "WARNING",
}
"""What Prefect logs, persists and reports, on any server."""

_SERVER_INHERITS = {
    *("PATH", "HOME", "USER", "LOGNAME", "LANG", "LANGUAGE", "LC_ALL", "LC_CTYPE", "TZ", "TMPDIR"),
    *("LD_LIBRARY_PATH", "DYLD_LIBRARY_PATH"),  # where some builds of Python find their own libraries
}
"""All that our own server sees of the environment: no token, no proxy, no PREFECT_*, no PYTHON*."""

_LOOPBACK = "127.0.0.1,localhost,::1"
_SERVED = "SIGHTLINE_SERVED_SETTINGS"


def orchestrator_url() -> str | None:
    """The Prefect server that the operator runs already, if any."""
    return os.environ.get("PREFECT_API_URL") or None


def has_orchestrator_credential() -> bool:
    """Whether a credential for the operator's own Prefect server is set."""
    return any(os.environ.get(name) for name in ("PREFECT_API_AUTH_STRING", "PREFECT_API_KEY"))


def orchestrator_environment(data: Path, profiles: Path, *, schedules: bool) -> dict[str, str]:
    """The environment of our own Prefect server; its credential is in the file `profiles`.

    An ephemeral server starts faster and leaves out the service that creates scheduled runs.
    """
    inherited = {name: value for name, value in os.environ.items() if name in _SERVER_INHERITS}
    ephemeral = {} if schedules else {"PREFECT__SERVER_EPHEMERAL": "1", "PREFECT__SERVER_FINAL": "1"}
    return inherited | _private(data, profiles) | ephemeral | {"PREFECT_UI_ENABLED": "0"}


@contextmanager
def operators_orchestrator() -> Iterator[None]:
    """This process's environment while it uses the operator's own Prefect server: theirs decides."""
    with _environment({**_QUIET, **os.environ}):
        yield


@contextmanager
def private_orchestrator(data: Path, profiles: Path) -> Iterator[None]:
    """This process's environment while it uses our own server: no PREFECT_* of the operator's.

    Proxies stay, for other hosts alone. Enter it before Prefect is imported: it reads its settings once.
    """
    inherited = {name: value for name, value in os.environ.items() if not name.upper().startswith("PREFECT")}
    direct = ",".join(filter(None, [os.environ.get("no_proxy") or os.environ.get("NO_PROXY"), _LOOPBACK]))
    for name in _proxies_prefect_cannot_use():
        del inherited[name]
    with _environment(inherited | _private(data, profiles) | {"NO_PROXY": direct, "no_proxy": direct}):
        yield


def _private(data: Path, profiles: Path) -> dict[str, str]:
    return _QUIET | {"PREFECT_HOME": str(data), "PREFECT_PROFILES_PATH": str(profiles)}


def _proxies_prefect_cannot_use() -> list[str]:
    """The proxy variables that stop Prefect's HTTP client from starting: SOCKS needs another library."""
    return [
        name
        for name, value in os.environ.items()
        if name.lower() in ("http_proxy", "https_proxy", "all_proxy")
        and "://" in value
        and not value.lower().startswith(("http://", "https://"))
    ]


@contextmanager
def _environment(variables: Mapping[str, str]) -> Iterator[None]:
    before = dict(os.environ)
    _replace_environment(variables)
    try:
        yield
    finally:
        _replace_environment(before)


def _replace_environment(variables: Mapping[str, str]) -> None:
    for name in os.environ.keys() - variables.keys():
        del os.environ[name]
    os.environ.update(variables)


def serve_settings(path: Path) -> None:
    """Makes this the settings file of every scheduled night: the processes that run one inherit it."""
    os.environ[_SERVED] = str(path.resolve())


def served_settings() -> Path:
    """The settings file that is served. Raises KeyError where none is."""
    return Path(os.environ[_SERVED])
