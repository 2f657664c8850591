"""The command line in this process: what a command prints, and its exceptions as they are."""

from __future__ import annotations

import io
import json
from contextlib import redirect_stdout
from pathlib import Path
from typing import Any

from cli.main import cli


def sightline(config: Path | None, *words: object) -> str:
    """What `sightline WORDS --config CONFIG` prints, without the last line break."""
    printed = io.StringIO()
    where = ["--config", str(config)] if config else []
    with redirect_stdout(printed):
        cli.main([*where, *map(str, words)], prog_name="sightline", standalone_mode=False)
    return printed.getvalue().removesuffix("\n")


def as_data(config: Path | None, *words: object) -> Any:
    """What it prints with `--format json`."""
    return json.loads(sightline(config, *words, "--format", "json"))
