"""`agreement-solo.yaml`: the agreement, narrowed to one person who collects about themselves.

What it may say is less than an agreement says: sources and audiences are picked from the agreement below it,
and everything it does not speak of stays as it is there. So it can never be laxer, but for one thing: how
long somebody keeps their own evidence on their own machine is theirs to say.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError
from ruamel.yaml import YAML
from ruamel.yaml.error import YAMLError

from connectors.errors import BadInput
from privacy.policy import Policy, Purpose, Sentence, Source, load_policy


class _Narrowing(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")

    title: Sentence
    purposes: Annotated[Mapping[str, Purpose], Field(min_length=1)]
    sources: Annotated[Mapping[str, Sentence], Field(min_length=1)]
    """Why each of these sources is read; what may be kept of it is as in the agreement below."""
    audiences: tuple[Literal["self"], ...] = Field(min_length=1)
    evidence_months: Annotated[int, Field(ge=1)]


def load_personal_policy(path: Path, agreement: Path) -> Policy:
    """The agreement in `agreement` as far as `path` lets it be used. Raises BadInput."""
    base = load_policy(agreement)
    try:
        written = YAML(typ="safe", pure=True).load(path.read_text(encoding="utf-8"))
        narrowing = _Narrowing.model_validate(written)
    except YAMLError as error:
        raise BadInput([f"{path.name}:1: is not YAML ({error}); check indentation and quotes"]) from None
    except ValidationError as error:
        raise BadInput(
            [
                f"{path.name}:1: {'.'.join(map(str, each['loc'])) or 'the agreement'}: {each['msg'].lower()}"
                for each in error.errors(include_url=False)
            ]
        ) from None
    if unknown := sorted(set(narrowing.sources) - set(base.sources)):
        raise BadInput(
            [f"{path.name}:1: source '{name}' is not in {agreement.name}; take it out" for name in unknown]
        )
    policy = base.model_copy(
        update={
            "title": narrowing.title,
            "purposes": MappingProxyType(dict(narrowing.purposes)),
            "sources": MappingProxyType(
                {
                    name: Source(
                        purposes=tuple(narrowing.purposes),
                        because=because,
                        tables=dict(base.sources[name].tables),
                    )
                    for name, because in narrowing.sources.items()
                }
            ),
            "retention": base.retention.model_copy(update={"evidence_months": narrowing.evidence_months}),
            "audiences": MappingProxyType({name: base.audiences[name] for name in narrowing.audiences}),
        }
    )
    both = path.read_bytes() + agreement.read_bytes()
    policy._sha256 = hashlib.sha256(both).hexdigest()
    policy._file = path.name
    return policy
