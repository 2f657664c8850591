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

from connectors.errors import BadInput
from connectors.marked_yaml import NotYaml, marked, text_of
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
        written = marked(text_of(path, path.name))
    except NotYaml as error:
        raise BadInput([error.sentence(path.name)]) from None
    mistakes = list(written.mistakes)
    narrowing = None
    try:
        narrowing = _Narrowing.model_validate(written.data)
    except ValidationError as error:
        mistakes += [(each["loc"], each["msg"].lower()) for each in error.errors(include_url=False)]
    if mistakes or narrowing is None:
        raise BadInput(
            [
                f"{path.name}:{written.line(at)}: {'.'.join(map(str, at)) or 'the agreement'}: {sentence}"
                for at, sentence in mistakes
            ]
        )
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
