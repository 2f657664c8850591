"""A folder of recorded payloads as a world that the sandbox serves.

Two forms are read, in any number of files, plain or gzipped: NDJSON of REST objects (`rest_form.py`) and
JSON with GraphQL names (`graphql_form.py`). Missing keys, null users and comments without ids are normal.
"""

from __future__ import annotations

import gzip
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from sandbox import graphql_form, rest_form
from sandbox.closing import closed_issues
from sandbox.recording import Recording
from sandbox.world import World

ENDINGS = (".json", ".ndjson", ".jsonl", ".json.gz", ".ndjson.gz", ".jsonl.gz")


class UnreadableRecording(Exception):
    """A file of the folder is in neither form; the message is one sentence that says which and why."""


def load(folder: Path) -> World:
    """The world that the files of this folder describe; files of another form are passed over.

    Raises UnreadableRecording when a file is no JSON, or when nothing in the folder can be served.
    """
    recording = Recording(World())
    ignored: set[str] = set()
    objects = [found for path in _files(folder) for found in _objects(path)]
    # REST objects first: they carry node ids for logins that the other form only names.
    for is_rest in (True, False):
        for path, found in objects:
            if rest_form.is_rest(found) is is_rest:
                read = rest_form.read if is_rest else graphql_form.read
                if not read(recording, found):
                    ignored.add(path.name)
    world = recording.finish()
    if not world.repositories:
        raise UnreadableRecording(
            f"{folder}: {', '.join(sorted(ignored))} hold neither REST pull requests and issues nor "
            "repositories with `pulls` and `issues`; is this the right folder?"
        )
    for repository in set(world.repositories.values()):
        issues = {issue.number: issue for issue in repository.issues}
        for pull in repository.pull_requests:
            pull.closing = closed_issues(pull.body, repository.name_with_owner, issues)
    return world


def _files(folder: Path) -> list[Path]:
    found = sorted(path for path in folder.rglob("*") if path.is_file() and path.name.endswith(ENDINGS))
    if not found:
        raise UnreadableRecording(
            f"{folder}: no recorded payloads here; put *.ndjson(.gz) or *.json(.gz) files into it."
        )
    return found


def _objects(path: Path) -> Iterator[tuple[Path, dict[str, Any]]]:
    opened = gzip.open if path.name.endswith(".gz") else open
    with opened(path, "rt", encoding="utf-8") as file:
        if ".json" in path.suffixes and ".jsonl" not in path.suffixes:
            content = json.load(file)
            for found in content if isinstance(content, list) else [content]:
                if isinstance(found, dict):
                    yield path, found
            return
        for number, line in enumerate(file, start=1):
            if not line.strip():
                continue
            try:
                yield path, json.loads(line)
            except ValueError as error:
                raise UnreadableRecording(f"{path.name}:{number}: not JSON ({error}).") from None
