"""The agreement in force in a home: adopted by its first night, amended only with two signatures."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

from config.settings import SHIPPED, Settings, load_settings
from connectors.errors import BadInput
from privacy import logbook
from privacy.amendment import SIGNERS, differences, signers
from privacy.policy import Policy, load_policy
from privacy.signatures import signature
from warehouse.files import write_atomically


def adopt(settings: Settings, policy: Policy) -> None:
    """Puts the agreement into force, or raises BadInput where it differs from the one in force, unsigned."""
    in_force = settings.agreement_in_force
    if not in_force.exists():
        _put(settings, in_force, "agreement adopted", policy)
        return
    before = load_policy(in_force)
    logged = logbook.agreements_logged(settings)
    if logged and before.sha256 != logged[-1]:
        raise BadInput(
            [f"{in_force}: is not the agreement that was put into force; restore it from a backup"]
        )
    if policy.sha256 == before.sha256:
        return
    if len(signed := signers(policy)) < SIGNERS:
        by = f"only {signed[0]} has signed it" if signed else "nobody has signed it"
        raise BadInput(
            [
                f"{settings.agreement}: is not the agreement in force, and {by}; it takes {SIGNERS} names "
                "(`sightline privacy agreement sign --by NAME` prints the line). What it changes:",
                *(f"  {sentence}" for sentence in differences(before, policy) or ["nothing but its wording"]),
            ]
        )
    _put(settings, in_force, "agreement amended", policy)


def _put(settings: Settings, in_force: Path, action: str, policy: Policy) -> None:
    # the log goes first: a copy that nobody put into force is found, a log of one that was never put is not
    text = settings.agreement.read_text(encoding="utf-8")
    write_atomically(in_force.with_name(f".{in_force.name}.next"), text)
    logbook.note(settings, action, sha256=policy.sha256)
    in_force.with_name(f".{in_force.name}.next").replace(in_force)


def show_differences(old: Path, new: Path) -> str:
    """What `new` says otherwise than `old`, and who has signed it. Raises BadInput."""
    before, after = load_policy(old), load_policy(new)
    found = differences(before, after)
    if not found:
        return "they agree to the same" + (
            "" if before.sha256 == after.sha256 else "; only the wording differs"
        )
    signed = signers(after)
    said = f"signed by {' and '.join(signed)}" if signed else "not signed"
    return "\n".join([*found, f"{said}; an amendment takes {SIGNERS} names"])


def signature_line(config: Path, file: Path | None, name: str) -> str:
    """The line that says that somebody approves an agreement. Raises BadInput."""
    path = file or (load_settings(config).agreement if config.exists() else SHIPPED / "agreement.yaml")
    if not name.strip() or '"' in name or "\\" in name:
        raise BadInput(["a signature is a name, without quotes"])
    policy = load_policy(path)
    line = signature(name.strip(), datetime.now(UTC).date().isoformat(), policy.sha256)
    return line if policy.approved else f"approved:\n{line}"
