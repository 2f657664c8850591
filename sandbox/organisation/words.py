"""Word lists that people, repositories and texts are made of. All invented; nothing here is anybody's."""

from __future__ import annotations

from random import Random

GIVEN = (
    "Ansel", "Brin", "Calla", "Dorin", "Elske", "Fenn", "Galia", "Hedda", "Ilo", "Juna",
    "Kesk", "Liora", "Maren", "Nilo", "Odile", "Perrin", "Quill", "Runa", "Sorrel", "Tavi",
    "Una", "Vesna", "Wren", "Xenie", "Yorin", "Zella", "Arlo", "Bexa", "Corin", "Dalia",
)  # fmt: skip
FAMILY = (
    "Alder", "Birkett", "Copsewood", "Dunmore", "Elmgrove", "Fernley", "Glenhow", "Hartfell", "Inglenook",
    "Juniper", "Kestrelow", "Larkmoor", "Mossley", "Nettleton", "Oakhanger", "Pinemarsh", "Quarrier",
    "Rowanby", "Sedgewick", "Thornbury", "Umberfield", "Valehurst", "Willowby", "Yarrowdale",
)  # fmt: skip

TEAMS = (
    "payments", "search", "ranking", "ingest", "platform", "serving", "insights", "mobile", "identity",
    "media",
)  # fmt: skip
REPOSITORIES = (
    "operations", "monorepo", "model-training", "search-service", "ingest-pipeline", "serving-runtime",
    "design-notes", "feature-store", "web-console", "evaluation-suite", "client-kit", "data-contracts",
)  # fmt: skip

THINGS = (
    "retry queue", "feature cache", "embedding index", "batch loader", "scoring job", "schema registry",
    "rate limiter", "dataset splitter", "export task", "token refresh", "checkpoint writer", "query planner",
    "ledger import", "shard map", "warm-up path", "label sampler", "drift monitor", "session store",
)  # fmt: skip
DOINGS = ("Make", "Teach", "Let", "Keep", "Stop", "Allow")
OUTCOMES = (
    "survive a restart", "read both formats", "skip empty partitions", "report its own lag", "give up sooner",
    "accept late rows", "reuse the open connection", "log fewer lines", "fail loudly on bad input",
    "fall back to the last snapshot", "respect the quota", "run without the old flag",
)  # fmt: skip
REASONS = (
    "Two nights in a row the job stopped half way, and nobody noticed until the morning.",
    "The old way only worked because the input was small.",
    "We chose the simpler lock instead of a lease, because one writer is all we have.",
    "This is slower for tiny batches; the trade-off is worth it, since tiny batches are rare.",
    "An alternative was to rewrite the loader; that would have taken a month.",
)
TESTED = (
    "Ran it against last week's data and compared the totals.",
    "Added cases for the empty and the doubled partition.",
    "Tested locally with the network unplugged.",
)
REMARKS = (
    "This name says what it does, thank you.",
    "A short comment on the lock would help the next reader.",
    "The loop and the helper do the same work twice.",
    "Nice and small.",
    "This branch is never taken with the defaults.",
)
QUESTIONS = (
    "What happens here when the list is empty?",
    "Could this run twice at the same time?",
    "Why is the limit forty and not the page size?",
    "Do we still need the old flag after this?",
    "Is there a reason not to raise here?",
)
SUGGESTIONS = (
    "Shorter, and the same:\n```suggestion\nreturn [row for row in rows if row.kept]\n```",
    "How about a name for the number?\n```suggestion\nLIMIT = 40\n```",
)
LINKED = (
    "The guide covers this case: https://docs.example/guides/locking",
    "See https://docs.example/reference/partitions for why the order matters.",
)
ANSWERS = (
    "Done.",
    "Good catch, changed.",
    "It cannot be empty here, I added an assertion.",
    "Yes, see the note above.",
)
UPDATES = (
    "We see errors on one in ten requests; looking at the last rollout.",
    "Rolled back, error rate is falling.",
    "The queue is draining; back to normal in about half an hour.",
    "Root cause found: the cache held entries of the former format.",
    "Watching for another hour before we close this.",
)
PROBLEMS = (
    "stops after a restart", "counts some rows twice", "answers slowly in the morning", "ignores the quota",
    "loses the last partition", "shows yesterday's numbers",
)  # fmt: skip


def full_name(number: int) -> tuple[str, str]:
    """The given and family name of the n-th person there can be; no two numbers share one."""
    return GIVEN[number % len(GIVEN)], FAMILY[(number // len(GIVEN) + number * 7) % len(FAMILY)]


def change_title(rng: Random) -> str:
    return f"{rng.choice(DOINGS)} the {rng.choice(THINGS)} {rng.choice(OUTCOMES)}"


def problem_title(rng: Random) -> str:
    return f"The {rng.choice(THINGS)} {rng.choice(PROBLEMS)}"


def question_title(rng: Random) -> str:
    return f"How should the {rng.choice(THINGS)} {rng.choice(OUTCOMES)}?"


def description(rng: Random, care: float) -> str:
    """The body of a pull request: nothing, a line, or sections; more of it with more care."""
    if rng.random() > care + 0.35:
        return ""
    if rng.random() > care:
        return f"Small change to the {rng.choice(THINGS)}."
    parts = ["## Why", rng.choice(REASONS)]
    if rng.random() < care:
        parts += ["## How it was tested", rng.choice(TESTED)]
    return "\n\n".join(parts)


def review_remark(rng: Random, curiosity: float) -> str:
    """What a reviewer writes on a line: a question, a suggestion, a link or a remark."""
    if rng.random() < curiosity:
        return rng.choice(QUESTIONS)
    return rng.choice((*REMARKS, *SUGGESTIONS, *LINKED))
