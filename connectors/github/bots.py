"""Which accounts are robots."""

from __future__ import annotations

from collections.abc import Collection

WELL_KNOWN: frozenset[str] = frozenset(
    {
        # automation that GitHub presents as ordinary users
        "allcontributors",
        "azure-pipelines",
        "bors",
        "buildkite",
        "circleci",
        "claassistant",
        "codecov-commenter",
        "codecov-io",
        "coveralls",
        "cla-bot",
        "dependabot",
        "dependabot-preview",
        "fossabot",
        "gitguardian",
        "github-actions",
        "github-merge-queue",
        "googlebot",
        "greenkeeper",
        "greenkeeperio-bot",
        "houndci-bot",
        "imgbot",
        "k8s-ci-robot",
        "k8s-triage-robot",
        "linux-foundation-easycla",
        "mergify",
        "netlify",
        "pre-commit-ci",
        "probot",
        "pyup-bot",
        "read-the-docs-community",
        "renovate",
        "renovate-bot",
        "rustbot",
        "semantic-release-bot",
        "snyk-bot",
        "sonarcloud",
        "stale",
        "travis-ci",
        "vercel",
        "web-flow",
        "whitesource-bolt-for-github",
        # reviewers and authors that are models
        "chatgpt-codex-connector",
        "claude",
        "codeantai",
        "coderabbitai",
        "copilot",
        "copilot-pull-request-reviewer",
        "copilot-swe-agent",
        "cursor",
        "cursoragent",
        "devin-ai-integration",
        "ellipsis-dev",
        "gemini-code-assist",
        "google-labs-jules",
        "graphite-app",
        "greptile-apps",
        "openhands-agent",
        "qodo-merge-pro",
        "sourcery-ai",
        "sweep-ai",
    }
)
"""Logins, lower case. A login is only on this list if it is an account of a service, known as such."""


def is_bot(typename: str, login: str, also: Collection[str] = ()) -> bool:
    """Whether this account is a robot: by GitHub's type, by the list above, or by the operator's list.

    A login that merely ends in "bot" says nothing: people are called that.
    """
    name = login.casefold()
    if typename == "Bot" or name.endswith("[bot]"):
        return True
    return name in WELL_KNOWN or any(name == other.casefold() for other in also)
