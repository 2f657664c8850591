"""What an erasure did, in words."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any


def receipt_text(receipt: Mapping[str, Any]) -> str:
    """The receipt of one erasure."""
    rows = ", ".join(f"{table} {count}" for table, count in receipt["rows"].items())
    checked = receipt["checked"]
    lines = [
        f"erased on {receipt['on']}, receipt {receipt['erasure']}",
        f"  rows removed or left with nobody's name: {rows or 'none were left'}",
        f"  other files removed: {receipt['files']}; every database file was written anew",
        f"  looked for in {checked['files']} files, {checked['bytes']:,} bytes, uncompressed: not found "
        f"({checked['controls']} others were looked for too, and found)",
        *([f"  runs removed from your Prefect server: {receipt['runs']}"] if receipt["runs"] else []),
        *(f"  left: {sentence}" for sentence in receipt["left"]),
        *(f"  still yours to do: {sentence}" for sentence in receipt["by_hand"]),
        f"  backups made before that hold them until {receipt['backups_hold_them_until']} at the latest; "
        "a home restored from one does not start before `sightline privacy erase` was run",
        "  still yours to do: take them out of the roster, which is your file",
    ]
    return "\n".join(lines)
