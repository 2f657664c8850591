"""`sightline query`: an analyst's own SQL over what was published, and over nothing else."""

from __future__ import annotations

import json
from pathlib import Path

from config.settings import load_settings
from connectors.errors import BadInput
from privacy import door, logbook, organisation, tables
from privacy.published import digest
from reports.answers import answer_csv, answer_text, schema_text
from warehouse import querying


def describe(form: str) -> str:
    """The tables that may be asked, with what each column holds."""
    if form == "text":
        return schema_text(querying.described())
    return json.dumps(
        {
            table: {"says": says, "columns": {name: {"type": kind, "says": said} for name, kind, said in of}}
            for table, says, of in querying.described()
        },
        indent=1,
    )


def ask(config: Path, statement: str, form: str) -> str:
    """What one select statement returns over every published release. It is logged before it is answered.

    Raises BadInput for a statement that is refused, BrokenRelease, and NotLogged.
    """
    settings = load_settings(config)
    if any("\ud800" <= each <= "\udfff" for each in statement):
        raise BadInput(["the statement is not UTF-8 text; type it anew, or save its file as UTF-8"])
    rows = tables.rows(
        door.read_teams(settings.published),
        (
            door.read_organisation(settings.published, window)
            for window in organisation.windows(settings.published)
        ),
    )
    if not rows["releases"]:
        raise BadInput(
            [f"{settings.published}: no team has a release yet; a quarter's comes two weeks after its end"]
        )
    logbook.note(settings, "releases queried", sha256=digest(statement))
    found = querying.answer(rows, statement)
    match form:
        case "json":
            return json.dumps({"columns": found.columns, "rows": found.rows}, indent=1, ensure_ascii=False)
        case "csv":
            return answer_csv(found.columns, found.rows)
    return answer_text(found.columns, found.rows)
