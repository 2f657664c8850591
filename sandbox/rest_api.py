"""GET (and a little POST) under /api/v3: GitHub's REST, as far as connectors and typed clients need it."""

from __future__ import annotations

import base64
import hashlib
import re
from collections.abc import Callable, Sequence
from typing import Any
from urllib.parse import quote, urlencode

from sandbox.apps import Tokens
from sandbox.budgets import Budgets
from sandbox.discussions import Discussion
from sandbox.messages import Request, Response, json_response, problem
from sandbox.model import Account, Issue, PullRequest, Repository
from sandbox.rest_shapes import Shapes
from sandbox.search import MOST_RESULTS, matching
from sandbox.world import World

MOST_COMMITS_LISTED = 250
MOST_FILES_LISTED = 3_000

Answers = Callable[..., Response]


class Rest:
    """Answers REST requests about one world."""

    def __init__(self, world: World, tokens: Tokens, budgets: Budgets, api: str) -> None:
        self.world = world
        self.tokens = tokens
        self.budgets = budgets
        self.shapes = Shapes(api)
        self.api = api
        repository = r"/(?:repos/(?P<name>[^/]+/[^/]+)|repositories/(?P<id>\d+))"
        routes: list[tuple[str, Answers]] = [
            (r"/user", self._user),
            (r"/user/(?P<number>\d+)", self._account_by_number),
            (r"/users/(?P<login>[^/]+)", self._account),
            (r"/users/(?P<login>[^/]+)/keys", self._keys),
            (r"/users/(?P<login>[^/]+)/orgs", self._no_organisations),
            (r"/rate_limit", self._rate_limit),
            (r"/search/issues", self._search),
            (r"/(?:orgs|users)/(?P<login>[^/]+)/repos", self._repositories),
            (r"/installation/repositories", self._installation_repositories),
            (repository, self._in(self._repository)),
            (repository + r"/pulls", self._in(self._pulls)),
            (repository + r"/pulls/comments", self._in(self._all_review_comments)),
            (repository + r"/issues", self._in(self._issues)),
            (repository + r"/git/trees/(?P<ref>[\w.-]+)", self._in(self._tree)),
            (repository + r"/git/blobs/(?P<sha>[0-9a-f]+)", self._in(self._blob)),
            (repository + r"/issues/comments", self._in(self._all_comments)),
            (repository + r"/pulls/(?P<number>\d+)(?P<part>/\w+)?", self._in(self._pull)),
            (repository + r"/issues/(?P<number>\d+)(?P<part>/\w+)?", self._in(self._issue)),
        ]
        self._routes = [(re.compile(pattern), answer) for pattern, answer in routes]

    def answer(self, request: Request, viewer: Account) -> Response:
        """The answer to an authorised request."""
        for pattern, answer in self._routes:
            match = pattern.fullmatch(request.path)
            if match:
                if request.method != "GET":
                    return problem(403, "Resource not accessible by personal access token")
                return answer(request, viewer=viewer, **match.groupdict())
        return problem(404, "Not Found")

    # --- people and limits ----------------------------------------------------------------------------

    def _user(self, _request: Request, viewer: Account) -> Response:
        scopes = self.world.scopes_of.get(viewer.login.lower(), "repo, read:org")
        return json_response(self.shapes.account_in_full(viewer), headers={"x-oauth-scopes": scopes})

    def _account(self, _request: Request, viewer: Account, login: str) -> Response:  # noqa: ARG002
        found = self.world.accounts.get(login.removesuffix("[bot]").lower())
        return json_response(self.shapes.account_in_full(found)) if found else problem(404, "Not Found")

    def _account_by_number(self, _request: Request, viewer: Account, number: str) -> Response:  # noqa: ARG002
        found = [one for one in self.world.accounts.values() if one.database_id == int(number)]
        return json_response(self.shapes.account_in_full(found[0])) if found else problem(404, "Not Found")

    def _no_organisations(self, _request: Request, viewer: Account, login: str) -> Response:  # noqa: ARG002
        return json_response([])  # nobody has made theirs public

    def _keys(self, request: Request, viewer: Account, login: str) -> Response:  # noqa: ARG002
        found = self.world.accounts.get(login.lower())
        if found is None:
            return problem(404, "Not Found")
        from sandbox.keys import public_keys  # only whoever asks for keys waits for the cryptography

        keys = [{"id": number, "key": key} for number, key in enumerate(public_keys(found.id), start=1)]
        return self._paged(request, keys, dict)

    def _rate_limit(self, request: Request, viewer: Account) -> Response:  # noqa: ARG002
        if self.budgets.of(self.tokens.purse(request.token), "core").is_off:
            return problem(404, "Rate limiting is not enabled.")
        core = self.budgets.of(self.tokens.purse(request.token), "core").body()
        graphql = self.budgets.of(self.tokens.purse(request.token), "graphql").body()
        return json_response({"resources": {"core": core, "graphql": graphql}, "rate": core})

    def _search(self, request: Request, viewer: Account) -> Response:
        number, size = _page_number(request), _page_size(request)
        if (number - 1) * size >= MOST_RESULTS:
            return problem(422, "Only the first 1000 search results are available")
        found = matching(
            self.world, viewer, request.one("q"), lambda each: self.tokens.sees(request.token, each)
        )
        page = found[:MOST_RESULTS][(number - 1) * size : number * size]
        items = [self.shapes.issue(item) for item in page if not isinstance(item, Discussion)]
        body = {"total_count": len(found), "incomplete_results": False, "items": items}
        return json_response(body, headers=self._sso(viewer))

    def _sso(self, viewer: Account) -> dict[str, str]:
        """What tells a person that some organisations gave nothing."""
        hidden = {login.lower() for login in self.world.sso_organisations}
        ids = [str(each.database_id) for login, each in self.world.accounts.items() if login in hidden]
        if viewer is self.world.service or not ids:
            return {}
        return {"x-github-sso": f"partial-results; organizations={','.join(ids)}"}

    # --- repositories -----------------------------------------------------------------------------------

    def _in(self, answer: Answers) -> Answers:
        """The answer for the repository of the path; 404 for none, 301 for a former name."""

        def answer_in(request: Request, **parts: Any) -> Response:
            name, number = parts.pop("name"), parts.pop("id")
            del parts["viewer"]
            if name is None:
                known = {str(each.database_id): each for each in self.world.repositories.values()}
                found = known.get(number)
            else:
                found = self.world.repositories.get(name.lower())
            if found is None or not self.tokens.sees(request.token, found):
                return problem(404, "Not Found")
            if name is not None and found.name_with_owner.lower() != name.lower():
                below = request.path.removeprefix(f"/repos/{name}")
                query = f"?{urlencode(request.query, doseq=True)}" if request.query else ""
                place = f"{self.api}/repositories/{found.database_id}{below}{query}"
                return problem(301, "Moved Permanently", {"location": place})
            return answer(request, found, **parts)

        return answer_in

    def _repository(self, _request: Request, repository: Repository) -> Response:
        return json_response(self.shapes.repository(repository))

    def _repositories(self, request: Request, viewer: Account, login: str) -> Response:  # noqa: ARG002
        owner = self.world.accounts.get(login.lower())
        if owner is None:
            return problem(404, "Not Found")
        seen = [each for each in owner.repositories if self.tokens.sees(request.token, each)]
        return self._paged(request, seen, self.shapes.repository)

    def _installation_repositories(self, request: Request, viewer: Account) -> Response:  # noqa: ARG002
        everything = sorted(set(self.world.repositories.values()), key=lambda each: each.database_id)
        found = [each for each in everything if self.tokens.sees(request.token, each)]
        page = self._page(request, found)
        body = {"total_count": len(found), "repositories": [self.shapes.repository(each) for each in page]}
        return json_response(body, headers=self._links(request, len(found)))

    # --- pull requests and issues -----------------------------------------------------------------------

    def _pulls(self, request: Request, repository: Repository) -> Response:
        found = _in_state(repository.pull_requests, request.one("state", "open"))
        return self._paged(request, _ordered(found, request), self.shapes.pull_request)

    def _tree(self, _request: Request, repository: Repository, ref: str) -> Response:
        """The whole tree of the default branch, whatever it is called."""
        entries = [
            {"path": path, "mode": "100644", "type": "blob", "sha": blob_sha(text), "size": len(text)}
            for path, text in sorted(repository.documents.items())
        ]
        return json_response({"sha": blob_sha(ref + str(entries)), "tree": entries, "truncated": False})

    def _blob(self, _request: Request, repository: Repository, sha: str) -> Response:
        for text in repository.documents.values():
            if blob_sha(text) == sha:
                content = base64.encodebytes(text.encode()).decode()
                return json_response({"sha": sha, "content": content, "encoding": "base64"})
        return problem(404, "Not Found")

    def _issues(self, request: Request, repository: Repository) -> Response:
        items: list[PullRequest | Issue] = [*repository.issues, *repository.pull_requests]
        found = _in_state(items, request.one("state", "open"))
        if labels := request.one("labels"):
            wanted = set(labels.lower().split(","))
            found = [item for item in found if wanted <= {label.name.lower() for label in item.labels}]
        if since := request.one("since"):
            found = [item for item in found if item.updated_at >= since]
        if kind := request.one("type"):
            issues = [item for item in found if isinstance(item, Issue)]
            found = [item for item in issues if (item.issue_type or "").lower() == kind.lower()]
        return self._paged(request, _ordered(found, request, "desc"), self.shapes.issue)

    def _all_review_comments(self, request: Request, repository: Repository) -> Response:
        found = [comment for pull in repository.pull_requests for comment in pull.review_comments]
        found = [comment for comment in found if comment.review is None or comment.review.state != "PENDING"]
        return self._paged(request, _since(found, request), self.shapes.review_comment)

    def _all_comments(self, request: Request, repository: Repository) -> Response:
        items = [*repository.issues, *repository.pull_requests]
        found = [comment for item in items for comment in item.comments]
        return self._paged(request, _since(found, request), self.shapes.comment)

    def _pull(self, request: Request, repository: Repository, number: str, part: str | None) -> Response:
        pull = next((each for each in repository.pull_requests if each.number == int(number)), None)
        if pull is None:
            return problem(404, "Not Found")
        shapes = self.shapes
        match part:
            case None:
                return json_response(shapes.pull_request_in_full(pull))
            case "/reviews":
                return self._paged(request, pull.reviews, shapes.review)
            case "/comments":
                found = [each for each in pull.review_comments if each.state == "SUBMITTED"]
                return self._paged(request, _since(found, request), shapes.review_comment)
            case "/commits":
                return self._paged(request, pull.commits[:MOST_COMMITS_LISTED], shapes.commit)
            case "/files":
                return self._paged(request, pull.files[:MOST_FILES_LISTED], shapes.file)
        return problem(404, "Not Found")

    def _issue(self, request: Request, repository: Repository, number: str, part: str | None) -> Response:
        items: list[PullRequest | Issue] = [*repository.issues, *repository.pull_requests]
        item = next((each for each in items if each.number == int(number)), None)
        if item is None:
            return problem(404, "Not Found")
        match part:
            case None:
                return json_response(self.shapes.issue(item))
            case "/comments":
                return self._paged(request, _since(item.comments, request), self.shapes.comment)
        return problem(404, "Not Found")

    # --- pages ------------------------------------------------------------------------------------------

    def _paged(self, request: Request, items: Sequence[Any], shape: Callable[[Any], Any]) -> Response:
        body = [shape(item) for item in self._page(request, items)]
        return json_response(body, headers=self._links(request, len(items)))

    def _page(self, request: Request, items: Sequence[Any]) -> Sequence[Any]:
        number, size = _page_number(request), _page_size(request)
        return items[(number - 1) * size : number * size]

    def _links(self, request: Request, total: int) -> dict[str, str]:
        number, size = _page_number(request), _page_size(request)
        last = max(1, -(-total // size))
        targets: dict[str, int] = {}
        if number > 1:
            targets |= {"first": 1, "prev": min(number - 1, last)}
        if number < last:
            targets |= {"next": number + 1, "last": last}
        if not targets:
            return {}
        kept = {name: values for name, values in request.query.items() if name != "page"}
        address = f"{self.api}{quote(request.path)}"
        links = [
            f'<{address}?{urlencode({**kept, "page": [page]}, doseq=True)}>; rel="{name}"'
            for name, page in targets.items()
        ]
        return {"link": ", ".join(links)}


def _page_number(request: Request) -> int:
    return max(1, request.number("page", 1))


def _page_size(request: Request) -> int:
    return min(100, max(1, request.number("per_page", 30)))


def _in_state(items: Sequence[Any], state: str) -> list[Any]:
    return [item for item in items if state == "all" or item.closed == (state == "closed")]


def _ordered(items: list[Any], request: Request, direction: str = "") -> list[Any]:
    """By `sort` and `direction`: the newest first, unless asked otherwise."""
    attribute = "updated_at" if request.one("sort") == "updated" else "created_at"
    is_descending = request.one("direction", direction or "desc") != "asc"
    return sorted(items, key=lambda item: (getattr(item, attribute), item.number), reverse=is_descending)


def _since(comments: Sequence[Any], request: Request) -> list[Any]:
    """Comments updated since the moment asked for, the oldest first unless asked otherwise."""
    since = request.one("since")
    attribute = "updated_at" if request.one("sort") == "updated" else "created_at"
    kept = [comment for comment in comments if comment.updated_at >= since]
    is_descending = request.one("direction", "asc") == "desc"
    kept.sort(key=lambda each: (getattr(each, attribute), each.full_database_id), reverse=is_descending)
    return kept


def blob_sha(text: str) -> str:
    """The name that git gives to a file with this text."""
    content = text.encode()
    return hashlib.sha1(b"blob %d\0" % len(content) + content, usedforsecurity=False).hexdigest()
