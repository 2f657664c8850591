"""Answers to PagerDuty requests."""

from __future__ import annotations

from sandbox.messages import Request, Response, json_response
from sandbox.pagerduty.model import PagerDuty


class PagerDutyApi:
    """Answers requests about one account."""

    def __init__(self, account: PagerDuty, base: str) -> None:
        self.account = account
        self.base = base

    def answer(self, _request: Request) -> Response:
        return json_response({"error": {"message": "Not Found", "code": 2100}}, 404)
