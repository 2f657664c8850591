"""What the world holds as GitHub's REST answers write it."""

from __future__ import annotations

from typing import Any

from sandbox.commits import ChangedFile, PullRequestCommit
from sandbox.model import Account, Comment, Issue, Label, PullRequest, Repository, Review, ReviewComment, Team
from sandbox.world import number_for

Body = dict[str, Any]
NO_REACTIONS = {"total_count": 0, "+1": 0, "-1": 0, "laugh": 0, "hooray": 0, "confused": 0, "heart": 0}
"""Clients read the count."""


class Shapes:
    """Writes REST bodies whose addresses start with `api`, so that a client can follow them."""

    def __init__(self, api: str) -> None:
        self.api = api

    def account(self, who: Account | None) -> Body | None:
        if who is None:
            return None
        login = f"{who.login}[bot]" if who.kind == "Bot" else who.login
        url = f"{self.api}/users/{login}"
        return {
            "login": login,
            "id": who.database_id,
            "node_id": who.id,
            "avatar_url": who.avatar_url,
            "url": url,
            "html_url": who.url,
            "repos_url": f"{url}/repos",
            "type": who.kind,
            "site_admin": False,
        }

    def account_in_full(self, who: Account) -> Body:
        return {**(self.account(who) or {}), "name": who.name, "email": None, "created_at": who.created_at}

    def team(self, team: Team) -> Body:
        return {
            "id": number_for(team.id),
            "node_id": team.id,
            "name": team.name,
            "slug": team.slug,
            "url": f"{self.api}/orgs/{team.organization}/teams/{team.slug}",
        }

    def repository(self, repository: Repository) -> Body:
        return {
            "id": repository.database_id,
            "node_id": repository.id,
            "name": repository.name,
            "full_name": repository.name_with_owner,
            "private": True,
            "owner": self.account(repository.owner),
            "html_url": repository.url,
            "url": f"{self.api}/repos/{repository.name_with_owner}",
            "description": repository.description,
            "fork": repository.is_fork,
            "archived": repository.is_archived,
            "disabled": False,
            "has_issues": True,
            "has_discussions": repository.has_discussions_enabled,
            "default_branch": "main",
            "open_issues_count": sum(not issue.closed for issue in repository.issues),
            "created_at": repository.created_at,
            "updated_at": repository.updated_at,
            "pushed_at": repository.pushed_at,
        }

    def label(self, label: Label) -> Body:
        return {
            "id": number_for(label.id),
            "node_id": label.id,
            "name": label.name,
            "color": label.color,
            "description": label.description,
            "default": label.is_default,
            "url": f"{self.api}/labels/{label.id}",
        }

    def _numbered(self, item: PullRequest | Issue, url: str) -> Body:
        return {
            "id": item.full_database_id,
            "node_id": item.id,
            "number": item.number,
            "url": url,
            "html_url": item.url,
            "state": "closed" if item.closed else "open",
            "title": item.title,
            "body": item.body or None,
            "user": self.account(item.author),
            "labels": [self.label(label) for label in item.labels],
            "assignees": [self.account(who) for who in item.assignees],
            "assignee": self.account(item.assignees[0]) if item.assignees else None,
            "locked": item.locked,
            "created_at": item.created_at,
            "updated_at": item.updated_at,
            "closed_at": item.closed_at,
            "author_association": "MEMBER",
        }

    def issue(self, issue: Issue | PullRequest) -> Body:
        """An issue; REST lists pull requests as issues too, with a `pull_request` key."""
        url = f"{self._repository_url(issue)}/issues/{issue.number}"
        body = self._numbered(issue, url) | {
            "repository_url": self._repository_url(issue),
            "comments_url": f"{url}/comments",
            "events_url": f"{url}/events",
            "comments": len(issue.comments),
            "reactions": NO_REACTIONS,
        }
        if isinstance(issue, PullRequest):
            return body | {"pull_request": {"url": self._pull_url(issue), "merged_at": issue.merged_at}}
        kind = {"name": issue.issue_type} if issue.issue_type else None
        return body | {
            "state_reason": issue.state_reason.lower() if issue.state_reason else None,
            "type": kind,
        }

    def pull_request(self, pull: PullRequest) -> Body:
        """A pull request as it stands in a list: without sizes, counts and who merged it."""
        url = self._pull_url(pull)
        repository = self.repository(pull.repository)
        people = [
            asked for each in pull.review_requests if isinstance(asked := each.requested_reviewer, Account)
        ]
        teams = [asked for each in pull.review_requests if isinstance(asked := each.requested_reviewer, Team)]
        return self._numbered(pull, url) | {
            "draft": pull.is_draft,
            "merged_at": pull.merged_at,
            "merge_commit_sha": pull.merge_commit.oid if pull.merge_commit else None,
            "requested_reviewers": [self.account(who) for who in people],
            "requested_teams": [self.team(team) for team in teams],
            "issue_url": f"{self._repository_url(pull)}/issues/{pull.number}",
            "commits_url": f"{url}/commits",
            "review_comments_url": f"{url}/comments",
            "comments_url": f"{self._repository_url(pull)}/issues/{pull.number}/comments",
            "head": {
                "ref": pull.head_ref_name,
                "sha": pull.head_ref_oid,
                "label": pull.head_ref_name,
                "user": self.account(pull.author),
                "repo": repository if pull.head_repository is pull.repository else None,
            },
            "base": {
                "ref": pull.base_ref_name,
                "sha": pull.base_ref_oid,
                "label": pull.base_ref_name,
                "user": self.account(pull.repository.owner),
                "repo": repository,
            },
        }

    def pull_request_in_full(self, pull: PullRequest) -> Body:
        return self.pull_request(pull) | {
            "merged": pull.merged,
            "merged_by": self.account(pull.merged_by),
            "mergeable": None,
            "comments": len(pull.comments),
            "review_comments": len(pull.review_comments),
            "commits": len(pull.commits),
            "additions": pull.additions,
            "deletions": pull.deletions,
            "changed_files": pull.changed_files,
        }

    def review(self, review: Review) -> Body:
        body = {
            "id": review.full_database_id,
            "node_id": review.id,
            "user": self.account(review.author),
            "body": review.body,
            "state": review.state,
            "html_url": review.url,
            "pull_request_url": self._pull_url(review.pull_request),
            "author_association": "MEMBER",
            "commit_id": review.pull_request.head_ref_oid,
        }
        # REST leaves the key out of a pending review rather than sending null
        return body | ({"submitted_at": review.submitted_at} if review.submitted_at else {})

    def review_comment(self, comment: ReviewComment) -> Body:
        pull = comment.pull_request
        return {
            "id": comment.full_database_id,
            "node_id": comment.id,
            "url": f"{self._repository_url(pull)}/pulls/comments/{comment.full_database_id}",
            "pull_request_review_id": comment.review.full_database_id if comment.review else None,
            "pull_request_url": self._pull_url(pull),
            "html_url": comment.url,
            "path": comment.path,
            "line": None if comment.outdated else comment.line,
            "position": None if comment.outdated else 1,
            "diff_hunk": "",
            "commit_id": pull.head_ref_oid,
            "original_commit_id": pull.head_ref_oid,
            "user": self.account(comment.author),
            "body": comment.body,
            "created_at": comment.created_at,
            "updated_at": comment.updated_at,
            "author_association": "MEMBER",
            "reactions": NO_REACTIONS,
            **({"in_reply_to_id": comment.reply_to.full_database_id} if comment.reply_to else {}),
        }

    def comment(self, comment: Comment) -> Body:
        repository = self._repository_url(comment.parent)
        return {
            "id": comment.full_database_id,
            "node_id": comment.id,
            "url": f"{repository}/issues/comments/{comment.full_database_id}",
            "issue_url": f"{repository}/issues/{comment.parent.number}",
            "html_url": comment.url,
            "user": self.account(comment.author),
            "body": comment.body,
            "created_at": comment.created_at,
            "updated_at": comment.updated_at,
            "author_association": "MEMBER",
            "reactions": NO_REACTIONS,
        }

    def commit(self, entry: PullRequestCommit) -> Body:
        commit = entry.commit
        who = commit.author
        signature = {"name": who.name, "email": who.email, "date": commit.committed_date} if who else None
        return {
            "sha": commit.oid,
            "node_id": commit.id,
            "url": f"{self._repository_url(entry.pull_request)}/commits/{commit.oid}",
            "html_url": commit.url,
            "commit": {"message": commit.message, "author": signature, "committer": signature},
            "author": self.account(who.user) if who else None,
            "committer": self.account(who.user) if who else None,
            "parents": [],
        }

    def file(self, file: ChangedFile) -> Body:
        return {
            "filename": file.path,
            "status": "removed" if file.change_type == "DELETED" else file.change_type.lower(),
            "additions": file.additions,
            "deletions": file.deletions,
            "changes": file.additions + file.deletions,
            "sha": None,
        }

    def _repository_url(self, item: PullRequest | Issue) -> str:
        return f"{self.api}/repos/{item.repository.name_with_owner}"

    def _pull_url(self, pull: PullRequest) -> str:
        return f"{self._repository_url(pull)}/pulls/{pull.number}"
