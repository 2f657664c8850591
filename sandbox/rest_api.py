"""GitHub's REST below /api/v3, as far as the connectors and typed clients need it: it only reads."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Callable, Sequence
from typing import Any

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import ASGIApp, Receive, Scope, Send

from sandbox.apps import App, Tokens
from sandbox.budgets import Budgets
from sandbox.discussions import Discussion
from sandbox.faults import Faults
from sandbox.messages import (
    Handler,
    JsonResponse,
    api,
    github_error,
    number,
    parameter,
    problem,
    route,
)
from sandbox.middleware import RATE_LIMITED, Authorised, Budgeted, Faulty, limits_of
from sandbox.model import Account, Issue, PullRequest, Repository
from sandbox.rest_shapes import Shapes
from sandbox.search import MOST_RESULTS, matching
from sandbox.world import World

MOST_COMMITS_LISTED = 250
MOST_FILES_LISTED = 3_000


class Rest:
    """Answers REST requests about one world, as an ASGI app."""

    def __init__(self, world: World, tokens: Tokens, budgets: Budgets, faults: Faults, base: str) -> None:
        self.world = world
        self.tokens = tokens
        self.budgets = budgets
        self.shapes = Shapes(base)
        routes = [
            route("/user", self._user),
            route("/user/{key:int}", self._account_by_id),
            route("/users/{login}", self._account),
            route("/users/{login}/keys", self._keys),
            route("/users/{login}/orgs", self._no_organisations),
            route("/rate_limit", self._rate_limit),
            route("/search/issues", self._search),
            route("/orgs/{login}/repos", self._repositories),
            route("/users/{login}/repos", self._repositories),
            route("/installation/repositories", self._installation_repositories),
        ]
        for path, handler in (
            ("", self._repository),
            ("/pulls", self._pulls),
            ("/pulls/comments", self._all_review_comments),
            ("/pulls/{key:int}", self._pull),
            ("/pulls/{key:int}/reviews", self._reviews),
            ("/pulls/{key:int}/comments", self._review_comments),
            ("/pulls/{key:int}/commits", self._commits),
            ("/pulls/{key:int}/files", self._files),
            ("/issues", self._issues),
            ("/issues/comments", self._all_comments),
            ("/issues/{key:int}", self._issue),
            ("/issues/{key:int}/comments", self._comments),
            ("/git/trees/{ref}", self._tree),
            ("/git/blobs/{sha}", self._blob),
        ):
            routes.append(route(f"/repos/{{owner}}/{{name}}{path}", self._in_named(handler)))
            routes.append(route(f"/repositories/{{id:int}}{path}", self._in_numbered(handler)))
        limits = limits_of(budgets, tokens, "core")
        people = Budgeted(
            api(routes, {405: _read_only, HTTPException: github_error}),
            limits,
            _cost,
            problem(403, RATE_LIMITED),
        )
        apps = api(App(world, tokens, base).routes, {HTTPException: github_error})

        async def by_kind_of_token(scope: Scope, receive: Receive, send: Send) -> None:
            await (apps if scope["is_app"] else people)(scope, receive, send)

        self.app: ASGIApp = Authorised(Faulty(by_kind_of_token, faults, "rest", limits), tokens)

    # --- people and limits ----------------------------------------------------------------------------

    def _user(self, request: Request) -> Response:
        viewer: Account = request.scope["viewer"]
        scopes = self.world.scopes_of.get(viewer.login.lower(), "repo, read:org")
        return JsonResponse(self.shapes.account_in_full(viewer), headers={"x-oauth-scopes": scopes})

    def _account(self, _request: Request, login: str) -> Response:
        return JsonResponse(self.shapes.account_in_full(self._owner(login.removesuffix("[bot]"))))

    def _account_by_id(self, _request: Request, key: int) -> Response:
        for each in self.world.accounts.values():
            if each.database_id == key:
                return JsonResponse(self.shapes.account_in_full(each))
        raise HTTPException(404)

    def _owner(self, login: str) -> Account:
        account = self.world.accounts.get(login.lower())
        if account is None:
            raise HTTPException(404)
        return account

    def _no_organisations(self, _request: Request, login: str) -> Response:  # noqa: ARG002
        return JsonResponse([])  # nobody has made theirs public

    def _keys(self, request: Request, login: str) -> Response:
        from sandbox.keys import public_keys  # cryptography takes a while to load

        keys = enumerate(public_keys(self._owner(login).id), start=1)
        return self._paged(request, [{"id": key_id, "key": key} for key_id, key in keys], dict)

    def _rate_limit(self, request: Request) -> Response:
        core, graphql = (
            self.budgets.of(self.tokens.purse(request.scope["token"]), resource)
            for resource in ("core", "graphql")
        )
        if core.is_off:
            raise HTTPException(404, "Rate limiting is not enabled.")
        resources = {"core": core.body(), "graphql": graphql.body()}
        return JsonResponse({"resources": resources, "rate": core.body()})

    def _search(self, request: Request) -> Response:
        viewer: Account = request.scope["viewer"]
        if (_page_number(request) - 1) * _page_size(request) >= MOST_RESULTS:
            raise HTTPException(422, "Only the first 1000 search results are available")
        found = matching(self.world, viewer, parameter(request, "q"), lambda each: self._sees(request, each))
        page = _page(request, found[:MOST_RESULTS])
        items = [self.shapes.issue(item) for item in page if not isinstance(item, Discussion)]
        body = {"total_count": len(found), "incomplete_results": False, "items": items}
        return JsonResponse(body, headers=self._sso(viewer))

    def _sees(self, request: Request, repository: Repository) -> bool:
        return self.tokens.sees(request.scope["token"], repository)

    def _sso(self, viewer: Account) -> dict[str, str]:
        """What tells a person that some organisations gave nothing."""
        hidden = {login.lower() for login in self.world.sso_organisations}
        ids = [str(each.database_id) for login, each in self.world.accounts.items() if login in hidden]
        if viewer is self.world.service or not ids:
            return {}
        return {"x-github-sso": f"partial-results; organizations={','.join(ids)}"}

    # --- repositories -----------------------------------------------------------------------------------

    def _in_named(self, handler: Handler) -> Handler:
        """The handler with the repository of the path; 404 for none, 301 for a former name."""

        def handle(request: Request, owner: str, name: str, **rest: Any) -> Response:
            named = f"{owner}/{name}"
            repository = self.world.repositories.get(named.lower())
            if repository is None or not self._sees(request, repository):
                raise HTTPException(404)
            if repository.name_with_owner.lower() != named.lower():
                former, new = f"/repos/{named}", f"/repositories/{repository.database_id}"
                location = str(request.url).replace(former, new, 1)
                raise HTTPException(301, "Moved Permanently", {"location": location})
            return handler(request, repository, **rest)

        return handle

    def _in_numbered(self, handler: Handler) -> Handler:
        def handle(request: Request, id: int, **rest: Any) -> Response:  # noqa: A002
            for repository in self.world.repositories.values():
                if repository.database_id == id and self._sees(request, repository):
                    return handler(request, repository, **rest)
            raise HTTPException(404)

        return handle

    def _repository(self, _request: Request, repository: Repository) -> Response:
        return JsonResponse(self.shapes.repository(repository))

    def _repositories(self, request: Request, login: str) -> Response:
        seen = [each for each in self._owner(login).repositories if self._sees(request, each)]
        return self._paged(request, seen, self.shapes.repository)

    def _installation_repositories(self, request: Request) -> Response:
        everything = sorted(set(self.world.repositories.values()), key=lambda each: each.database_id)
        seen = [each for each in everything if self._sees(request, each)]
        page = [self.shapes.repository(each) for each in _page(request, seen)]
        body = {"total_count": len(seen), "repositories": page}
        return JsonResponse(body, headers=_links(request, len(seen)))

    # --- pull requests and issues -----------------------------------------------------------------------

    def _pulls(self, request: Request, repository: Repository) -> Response:
        found = _in_state(repository.pull_requests, parameter(request, "state", "open"))
        return self._paged(request, _ordered(found, request), self.shapes.pull_request)

    def _tree(self, _request: Request, repository: Repository, ref: str) -> Response:
        """The whole tree of the default branch, whatever it is called."""
        entries = [
            {"path": path, "mode": "100644", "type": "blob", "sha": blob_sha(text), "size": len(text)}
            for path, text in sorted(repository.documents.items())
        ]
        return JsonResponse({"sha": blob_sha(ref + str(entries)), "tree": entries, "truncated": False})

    def _blob(self, _request: Request, repository: Repository, sha: str) -> Response:
        for text in repository.documents.values():
            if blob_sha(text) == sha:
                content = base64.encodebytes(text.encode()).decode()
                return JsonResponse({"sha": sha, "content": content, "encoding": "base64"})
        raise HTTPException(404)

    def _issues(self, request: Request, repository: Repository) -> Response:
        found = _in_state(_items(repository), parameter(request, "state", "open"))
        if labels := parameter(request, "labels"):
            wanted = set(labels.lower().split(","))
            found = [item for item in found if wanted <= {label.name.lower() for label in item.labels}]
        if since := parameter(request, "since"):
            found = [item for item in found if item.updated_at >= since]
        if kind := parameter(request, "type"):
            issues = [item for item in found if isinstance(item, Issue)]
            found = [item for item in issues if (item.issue_type or "").lower() == kind.lower()]
        return self._paged(request, _ordered(found, request, "desc"), self.shapes.issue)

    def _all_review_comments(self, request: Request, repository: Repository) -> Response:
        found = [comment for pull in repository.pull_requests for comment in pull.review_comments]
        found = [comment for comment in found if comment.review is None or comment.review.state != "PENDING"]
        return self._paged(request, _since(found, request), self.shapes.review_comment)

    def _all_comments(self, request: Request, repository: Repository) -> Response:
        found = [comment for item in _items(repository) for comment in item.comments]
        return self._paged(request, _since(found, request), self.shapes.comment)

    def _pull(self, _request: Request, repository: Repository, key: int) -> Response:
        return JsonResponse(self.shapes.pull_request_in_full(_numbered(repository.pull_requests, key)))

    def _reviews(self, request: Request, repository: Repository, key: int) -> Response:
        return self._paged(request, _numbered(repository.pull_requests, key).reviews, self.shapes.review)

    def _review_comments(self, request: Request, repository: Repository, key: int) -> Response:
        comments = _numbered(repository.pull_requests, key).review_comments
        submitted = [each for each in comments if each.state == "SUBMITTED"]
        return self._paged(request, _since(submitted, request), self.shapes.review_comment)

    def _commits(self, request: Request, repository: Repository, key: int) -> Response:
        commits = _numbered(repository.pull_requests, key).commits[:MOST_COMMITS_LISTED]
        return self._paged(request, commits, self.shapes.commit)

    def _files(self, request: Request, repository: Repository, key: int) -> Response:
        files = _numbered(repository.pull_requests, key).files[:MOST_FILES_LISTED]
        return self._paged(request, files, self.shapes.file)

    def _issue(self, _request: Request, repository: Repository, key: int) -> Response:
        return JsonResponse(self.shapes.issue(_numbered(_items(repository), key)))

    def _comments(self, request: Request, repository: Repository, key: int) -> Response:
        comments = _numbered(_items(repository), key).comments
        return self._paged(request, _since(comments, request), self.shapes.comment)

    def _paged(self, request: Request, items: Sequence[Any], shape: Callable[[Any], Any]) -> Response:
        body = [shape(item) for item in _page(request, items)]
        return JsonResponse(body, headers=_links(request, len(items)))


def _read_only(_request: Request, _error: Exception) -> Response:
    return problem(403, "Resource not accessible by personal access token")


def _cost(scope: Scope) -> int:
    return 0 if scope["path"].endswith("/rate_limit") else 1


def _items(repository: Repository) -> list[PullRequest | Issue]:
    """Everything that REST calls an issue."""
    return [*repository.issues, *repository.pull_requests]


def _numbered(items: Sequence[Any], key: int) -> Any:
    for item in items:
        if item.number == key:
            return item
    raise HTTPException(404)


def _page(request: Request, items: Sequence[Any]) -> Sequence[Any]:
    page, size = _page_number(request), _page_size(request)
    return items[(page - 1) * size : page * size]


def _links(request: Request, total: int) -> dict[str, str]:
    page, last = _page_number(request), max(1, -(-total // _page_size(request)))
    targets: dict[str, int] = {}
    if page > 1:
        targets |= {"first": 1, "prev": min(page - 1, last)}
    if page < last:
        targets |= {"next": page + 1, "last": last}
    links = [
        f'<{request.url.include_query_params(page=target)}>; rel="{name}"' for name, target in targets.items()
    ]
    return {"link": ", ".join(links)} if links else {}


def _page_number(request: Request) -> int:
    return max(1, number(request, "page", 1))


def _page_size(request: Request) -> int:
    return min(100, max(1, number(request, "per_page", 30)))


def _in_state(items: Sequence[Any], state: str) -> list[Any]:
    return [item for item in items if state == "all" or item.closed == (state == "closed")]


def _ordered(items: list[Any], request: Request, direction: str = "") -> list[Any]:
    """By `sort` and `direction`: the newest first, unless asked otherwise."""
    attribute = "updated_at" if parameter(request, "sort") == "updated" else "created_at"
    is_descending = parameter(request, "direction", direction or "desc") != "asc"
    return sorted(items, key=lambda item: (getattr(item, attribute), item.number), reverse=is_descending)


def _since(comments: Sequence[Any], request: Request) -> list[Any]:
    """Comments updated since the moment asked for, the oldest first unless asked otherwise."""
    since = parameter(request, "since")
    attribute = "updated_at" if parameter(request, "sort") == "updated" else "created_at"
    kept = [comment for comment in comments if comment.updated_at >= since]
    is_descending = parameter(request, "direction", "asc") == "desc"
    kept.sort(key=lambda each: (getattr(each, attribute), each.full_database_id), reverse=is_descending)
    return kept


def blob_sha(text: str) -> str:
    """The name that git gives to a file with this text."""
    content = text.encode()
    return hashlib.sha1(b"blob %d\0" % len(content) + content, usedforsecurity=False).hexdigest()
