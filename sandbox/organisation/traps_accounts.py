"""Traps around who somebody is: deleted, renamed, robots that look human and the other way round."""

from __future__ import annotations

from sandbox.commits import GitActor
from sandbox.model import Account
from sandbox.organisation.maker import Maker
from sandbox.organisation.places import FORMER_OWNER, Places
from sandbox.organisation.quarters import later
from sandbox.organisation.scene import scene


def deleted_author(maker: Maker, places: Places) -> list[str]:
    """A pull request, a review and a comment by accounts that are gone: their author is null."""
    now = scene(maker, places, "deleted")
    pull = now.pull_request("Log the partition by name", by_nobody=True)
    review = maker.review(pull, None, "APPROVED", later(now.at, hours=1), "Good?")
    comment = maker.comment(pull, None, later(now.at, hours=2), "Merging tomorrow.")
    maker.merge(pull, None, later(now.at, hours=20))
    return [pull.id, review.id, comment.id]


def robot_on_a_user_account(maker: Maker, places: Places) -> list[str]:
    """A robot whose account type is User merges, comments and opens pull requests."""
    now = scene(maker, places, "robot")
    robot = places.robots["release-robot"]
    pull = now.pull_request("Release of the week", author=robot)
    maker.comment(pull, robot, later(now.at, minutes=1), "Is everybody ready?")
    review = maker.review(pull, robot, "APPROVED", later(now.at, minutes=2))
    maker.merge(pull, robot, later(now.at, minutes=3))
    return [pull.id, review.id, robot.id]


def human_whose_login_ends_in_bot(maker: Maker, places: Places) -> list[str]:
    """Somebody called Talbot is no robot."""
    now = scene(maker, places, "talbot")
    talbot = next(account for account in places.accounts.values() if account.login.endswith("talbot"))
    author = now.author if now.author is not talbot else now.other
    pull = now.pull_request("Report the lag in seconds", author=author)
    review = maker.review(pull, talbot, "APPROVED", later(now.at, hours=2), "Could this overflow?")
    maker.merge(pull, author, later(now.at, hours=3))
    return [pull.id, review.id, talbot.id]


def renamed_login(maker: Maker, places: Places) -> list[str]:
    """Somebody changed their login; a stranger took the old one, and an old commit still carries it."""
    now = scene(maker, places, "renamed")
    old_login = f"{now.author.login}-old"
    stranger = places.world.accounts.get(old_login) or places.world.add_account(
        Account(
            f"U_kgDOstranger{now.author.database_id}", old_login, database_id=950_000 + now.author.database_id
        )
    )
    pull = now.merged("Use the open connection again")
    address = f"{now.author.database_id}+{old_login}@users.noreply.github.com"
    maker.commit(pull, [GitActor(now.author.name, address, now.author)], later(now.at, hours=-0.5))
    comment = maker.comment(pull, stranger, later(now.at, hours=8), "Just passing by: what is this about?")
    return [pull.id, now.author.id, stranger.id, comment.id]


def transferred_repository(maker: Maker, places: Places) -> list[str]:
    """A repository that had another owner: its node id stayed, its old name leads to it."""
    now = scene(maker, places, "transferred")
    repository = places.repositories[-1]
    issue = maker.issue(repository, now.author, now.at, "Where did the old tracker go?", labels=("question",))
    moved_at = later(now.at, hours=2)
    maker.event(issue, "TransferredEvent", now.reviewer, moved_at, from_repository=repository)
    return [repository.id, f"{FORMER_OWNER}/{repository.name}", issue.id]


def noreply_address(maker: Maker, places: Places) -> list[str]:
    """Commits with noreply e-mails, one that GitHub linked and one whose account is gone."""
    now = scene(maker, places, "noreply")
    pull = now.merged("Sort the shards by size")
    linked = f"{now.author.database_id}+{now.author.login}@users.noreply.github.com"
    maker.commit(pull, [GitActor(now.author.name, linked, now.author)], later(now.at, hours=-2))
    gone = GitActor("Somebody Gone", "77+somebody-gone@users.noreply.github.com", None)
    maker.commit(pull, [gone], later(now.at, hours=-3))
    return [pull.id, *(entry.commit.id for entry in pull.commits)]


def mannequin_author(maker: Maker, places: Places) -> list[str]:
    """A pull request imported from elsewhere: its author is a mannequin that nobody has claimed."""
    now = scene(maker, places, "mannequin")
    login = "imported-contributor"
    known = places.world.accounts.get(login)
    mannequin = known or places.world.add_account(
        Account("M_kgDO000001", login, "Mannequin", database_id=960_001)
    )
    pull = now.merged("Import the ledger of the former tool", author=mannequin)
    return [pull.id, mannequin.id]


def enterprise_account_reviewer(maker: Maker, places: Places) -> list[str]:
    """A review by an enterprise user account: an actor that is neither user nor robot."""
    now = scene(maker, places, "enterprise")
    login = "tidewater-enterprise"
    known = places.world.accounts.get(login)
    account = known or places.world.add_account(
        Account("EUA_kgDO000001", login, "EnterpriseUserAccount", "Tidewater Enterprise", database_id=960_002)
    )
    pull = now.merged("Respect the company-wide quota")
    review = maker.review(pull, account, "COMMENTED", later(now.at, hours=1), "Does this follow the policy?")
    return [pull.id, review.id]
