"""How many accounts are joined wrongly (none), and how good the suggestions are, on people with look-alikes.

    .venv/bin/python benchmarks/people_links.py [--accounts 50000] [--duplicates 3000] [--seed 7]
        [--no-roster]

A generated company: most people have one account, some have a second one, at another source or at the same.
For as many people as have a second account there is a look-alike: somebody else with the same name, whose
login is made from it in the same ways, and who has an address made from it at another source.
Half of the second accounts are stated exactly, by a roster row or the single sign-on; the others can only be
suggested. The roster has everybody's first account on GitHub in a team, look-alikes too, and no second one.
What the generator knows is held against what came out.
"""

from __future__ import annotations

import argparse
import resource
import time
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory

from connectors.records import Account
from warehouse.account_matching import suggestions
from warehouse.accounts import AccountKey
from warehouse.people import SamePerson, follow
from warehouse.store import Store
from warehouse.vault import Vault

TODAY = date(2026, 11, 22)
GIVEN = """
ada alan amir ana anders anna astrid bao bela boris carla chen clara dana daniel dmitri elena emil
eva fatima felix fiona frida george grace hana hugo ibrahim ines ivan jana john jonas julia karim
katja kim lars laura lea leon lin liu luca maja marco maria mark mei mia milan mina mona nadia nils
noor olga omar oskar paul petra priya raj rosa sam sara sofia stefan tanja theo tom uma vera viktor
wei yara yusuf zoe
""".split()  # noqa: SIM905  a list of words reads better so
ONSET = "b br d dr f fl g gr h j k kl l m n p pr r s sch st t tr v w z".split()  # noqa: SIM905
MIDDLE = "a ai an ar e ei el en er i in ir o ol on or u un ur y".split()  # noqa: SIM905
CODA = """
bach berg da dal der er feld ga hof ick kov la ley lin man mann mar ner ni ova rez sen ska son ta
ton wa
""".split()  # noqa: SIM905


def family_name(random: Random) -> str:
    """One of some fourteen thousand, a few of them as common as names are."""
    skewed = min(random.random(), random.random())
    number = int(skewed * len(ONSET) * len(MIDDLE) * len(CODA))
    number, coda = divmod(number, len(CODA))
    onset, middle = divmod(number, len(MIDDLE))
    return ONSET[onset % len(ONSET)] + MIDDLE[middle] + CODA[coda]


@dataclass
class Company:
    """All accounts, whose each is in truth, and what is stated exactly."""

    accounts: list[Account] = field(default_factory=list)
    owner: dict[AccountKey, int] = field(default_factory=dict)
    addresses: dict[AccountKey, list[str]] = field(default_factory=dict)
    stated: list[SamePerson] = field(default_factory=list)
    kind: dict[AccountKey, str] = field(default_factory=dict)
    """How each second account is called, for the table."""

    def add(self, source: str, login: str, owner: int, address: str | None = None) -> Account:
        account_id = f"{source[:1].upper()}{len(self.accounts):06d}"
        account = Account(source, account_id, login if source != "pagerduty" else account_id)
        key = AccountKey(source, account_id)
        self.accounts.append(account)
        self.owner[key] = owner
        if address:
            self.addresses[key] = [address]
        return account


def company(accounts: int, duplicates: int, random: Random) -> Company:
    """Everybody, their second accounts and their look-alikes."""
    found, taken = Company(), set[str]()
    people = accounts - 2 * duplicates
    names = [(random.choice(GIVEN), family_name(random)) for _ in range(people)]
    firsts = []
    for number, (given, family) in enumerate(names):
        login = free(random.choice(list(styles(given, family, random))), taken, random)
        firsts.append(found.add("github", login, number))
    for count, number in enumerate(random.sample(range(people), duplicates)):
        given, family = names[number]
        first = firsts[number]
        kind, source, login, reached_at = second(first.login, given, family, taken, random)
        account = found.add(source, login, number, reached_at)
        found.kind[AccountKey(source, account.account_id)] = kind
        if count % 2 == 0:
            found.stated.append(SamePerson(account, first))
        # somebody else of the same name
        source = random.choice(["github", "github", "pagerduty", "incident_io"])
        login = random.choice(list(styles(given, family, random)))
        found.add(
            source,
            free(login, taken, random) if source == "github" else login,
            people + count,
            address(given, family, taken) if source == "pagerduty" else None,
        )
    random.shuffle(found.accounts)
    return found


def styles(given: str, family: str, random: Random) -> Iterator[str]:
    yield f"{given}-{family}"
    yield f"{given}{family}"
    yield f"{given[0]}{family}"
    yield f"{family}{given[0]}{random.randrange(100)}"
    yield f"{given}{random.choice(['codes', 'writes', 'builds', 'hacks'])}{random.randrange(1000)}"


def second(
    first: str, given: str, family: str, taken: set[str], random: Random
) -> tuple[str, str, str, str | None]:
    """Kind, source, login and address of another account of somebody called so."""
    kind = random.choice(["same login", "affix", "affix", "digit", "typo", "address", "address", "unlike"])
    match kind:
        case "same login":
            return kind, "incident_io", first, None
        case "affix":
            added = random.choice(["-work", "-acme", "-dev", "-hq"])
            return kind, "github", free(first + added, taken, random), None
        case "digit":
            return kind, "github", free(f"{first}{random.randrange(2, 10)}", taken, random), None
        case "typo":
            place = random.randrange(1, len(first))
            return kind, "incident_io", first[:place] + first[place + 1 :], None
        case "address":
            return kind, "pagerduty", "", address(given, family, taken)
    return kind, "github", free(f"{family_name(random)}{random.randrange(10_000)}", taken, random), None


def address(given: str, family: str, taken: set[str]) -> str:
    """Nobody has two at one source, and of two people with one name the later has a number."""
    number = next(n for n in range(1, 1000) if f"{given}.{family}.{n}" not in taken)
    taken.add(f"{given}.{family}.{number}")
    return f"{given}.{family}{number if number > 1 else ''}@acme.example"


def free(login: str, taken: set[str], random: Random) -> str:
    while login in taken:
        login = f"{login.rstrip('0123456789')}{random.randrange(100_000)}"
    taken.add(login)
    return login


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--accounts", type=int, default=50_000)
    parser.add_argument("--duplicates", type=int, default=3_000)
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--no-roster", dest="roster", action="store_false", help="nobody is in a team")
    asked = parser.parse_args()
    made = company(asked.accounts, asked.duplicates, Random(asked.seed))  # noqa: S311
    with TemporaryDirectory() as folder:
        vault = Vault(Path(folder) / "vault.duckdb")
        store = Store(Path(folder) / "warehouse.duckdb")
        vault.own_ids(made.accounts)
        before = time.perf_counter()
        follow(store, vault, made.stated, [pair.to for pair in made.stated], because="roster", on=TODAY)
        linking = time.perf_counter() - before
        owner = {vault.own_id_of(key): who for key, who in made.owner.items()}
        wrong = sum(owner[link.own_id] != owner[link.to_id] for link in vault.links())
        print(f"{len(made.accounts):,} accounts, {asked.duplicates:,} of them somebody's second one")
        print(f"automatic links: {len(vault.links()):,}, wrong ones: {wrong}   ({linking:.1f} s)")

        before = time.perf_counter()
        found = suggestions(
            vault.accounts(),
            bots=vault.bots(),
            addresses=made.addresses,
            affixes=["acme"],
            are_two=told_apart(made, vault) if asked.roster else lambda _one, _other: False,
        )
        searching = time.perf_counter() - before
        left = {
            vault.own_id_of(key): kind
            for key, kind in made.kind.items()
            if vault.link_of(vault.own_id_of(key) or "") is None
        }
        print(f"suggestions: {len(found):,}   ({searching:.1f} s for all of them)\n")
        table(found, owner, left)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(f"\npeak memory {peak:.0f} MB")


def told_apart(made: Company, vault: Vault) -> Callable[[str, str], bool]:
    """The roster has everybody in a team who has a first account on GitHub."""
    first = [key for key in made.owner if key.source == "github" and key not in made.kind]
    enrolled = {vault.person_of(key) for key in first}
    return lambda one, other: one in enrolled and other in enrolled


def table(found: list, owner: dict, left: dict) -> None:
    """Precision by reason, recall by how the second account is called."""
    said: Counter[str] = Counter()
    true: Counter[str] = Counter()
    reached: set[str] = set()
    for one in found:
        is_true = owner[one.own_id] == owner[one.to_id]
        for name in (one.reason, "all", *(["all that suggest one person only"] if one.is_unique else [])):
            said[name] += 1
            true[name] += is_true
        if is_true:
            reached |= {one.own_id, one.to_id} & left.keys()
    print(f"{'reason':34} {'suggested':>9} {'true':>6} precision")
    for name, count in said.most_common():
        print(f"{name:34} {count:>9} {true[name]:>6} {true[name] / count:>8.0%}")
    print(f"\n{'second account is called by':34} {'there':>9} {'found':>6} recall")
    there = Counter(left.values())
    hit = Counter(left[one] for one in reached)
    for kind, count in there.most_common():
        print(f"{kind:34} {count:>9} {hit[kind]:>6} {hit[kind] / count:>8.0%}")
    print(f"{'all':34} {len(left):>9} {len(reached):>6} {len(reached) / len(left):>8.0%}")


if __name__ == "__main__":
    main()
