"""For whom a segment or a route is: conditions about the debtor and what he owes, and whether an account meets them."""

from collections.abc import Callable, Iterator
from datetime import date
from typing import Annotated, NamedTuple

from pydantic import Field

from connector.model import Account, DebtorKind, Verdict
from connector.model.record import Record
from connector.policy.records import money_text
from connector.policy.values import Amount

UNKNOWN = "unknown"
_Country = Annotated[str, Field(pattern="^([A-Z]{2}|unknown)$", description='two capitals such as "BE", or "unknown"')]
_Language = Annotated[str, Field(pattern="^([a-z]{2}|unknown)$", description='two letters such as "fr", or "unknown"')]
_Text = Annotated[str, Field(min_length=1, max_length=80)]


class Criteria(Record):
    """Conditions that must all be met; one that is left out asks nothing.

    Where a fact is missing, so is the answer, unless the list holds "unknown": then whoever it is missing of belongs
    to it as well.

    - `kinds`: of the debtor. `countries`, `languages`: of the debtor, by ISO code.
    - `regions`: how the postcode begins: "10" are all of 1000-1099 in Belgium.
    - `customer_groups`: the debtor's, as the accounting package names it.
    - `product_groups`: the claims', as the accounting package names them; every open claim must be of one of them.
    - `from_amount`, `below_amount`: what the debtor owes in the policy's currency, less credit and without what is at
      an agency: at least, and less than.
    """

    kinds: tuple[DebtorKind, ...] = ()
    countries: tuple[_Country, ...] = ()
    languages: tuple[_Language, ...] = ()
    regions: tuple[_Text, ...] = ()
    customer_groups: tuple[_Text, ...] = ()
    product_groups: tuple[_Text, ...] = ()
    from_amount: Amount = 0
    below_amount: Amount | None = None


class Owed(NamedTuple):
    """What a debtor owes that is not at an agency: in the policy's currency, less credit, in minor units.

    `oldest` is the earliest due date, None where there is none; `products` are the groups of the claims.
    """

    minor: int
    oldest: date | None
    products: frozenset[str]


class Met(NamedTuple):
    """One condition: what was asked and seen, and whether it is met."""

    asked: str
    seen: str
    verdict: Verdict


Condition = Callable[[Account, Owed], Met]


def owed(account: Account, currency: str) -> Owed:
    """What the account owes, see `Owed`."""
    here = [one for one in account.claims if not one.case_ref and one.open_minor]
    mine = [one for one in here if one.currency == currency]
    dated = [one.due_date for one in here if one.due_date and one.open_minor > 0]
    minor = sum(one.open_minor for one in mine) - account.credit_minor.get(currency, 0)
    return Owed(minor, min(dated, default=None), frozenset(one.product_group for one in here))


def conditions(criteria: Criteria, currency: str) -> tuple[Condition, ...]:
    """The conditions that the criteria hold, each made ready to ask."""
    return tuple(_conditions(criteria, currency))


def _conditions(criteria: Criteria, currency: str) -> Iterator[Condition]:
    if criteria.kinds:
        yield _one_of("kind", criteria.kinds, lambda account, _: _known(account.debtor_kind))
    if criteria.countries:
        yield _one_of("country", criteria.countries, lambda account, _: account.debtor_country)
    if criteria.languages:
        yield _one_of("language", criteria.languages, lambda account, _: account.debtor_language)
    if criteria.regions:
        yield _region(criteria.regions)
    if criteria.customer_groups:
        yield _one_of("customer group", criteria.customer_groups, lambda account, _: account.debtor_group)
    if criteria.product_groups:
        yield _products(criteria.product_groups)
    if criteria.from_amount or criteria.below_amount is not None:
        yield _amount(criteria.from_amount, criteria.below_amount, currency)


def _known(kind: DebtorKind) -> str:
    return "" if kind == UNKNOWN else kind


def _one_of(what: str, wanted: tuple[str, ...], read: Callable[[Account, Owed], str]) -> Condition:
    asked = f"Is the debtor's {what} one of: {_listed(wanted)}?"

    def check(account: Account, owes: Owed) -> Met:
        seen = read(account, owes)
        return Met(asked, _words(seen) or "not known", _verdict(seen, wanted, met=seen in wanted))

    return check


def _region(wanted: tuple[str, ...]) -> Condition:
    asked = f"Does the postcode begin with one of: {_listed(wanted)}?"
    starts = tuple(_squeezed(one) for one in wanted if one != UNKNOWN)

    def check(account: Account, _: Owed) -> Met:
        # Only the first four characters tell a region; the rest would tell a street.
        code = _squeezed(account.debtor_postcode)
        return Met(asked, code[:4] or "not known", _verdict(code, wanted, met=code.startswith(starts)))

    return check


def _products(wanted: tuple[str, ...]) -> Condition:
    asked = f"Are all claims of these product groups: {_listed(wanted)}?"

    def check(_: Account, owes: Owed) -> Met:
        others = [one for one in sorted(owes.products) if one not in wanted and one]
        verdict = "no" if others else _verdict("" if "" in owes.products else "known", wanted, met=True)
        seen = ", ".join(one or "not known" for one in sorted(owes.products)) or "nothing is open"
        return Met(asked, seen, verdict)

    return check


def _amount(least: int, below: int | None, currency: str) -> Condition:
    bounds = [f"at least {money_text(least, currency)}"] if least else []
    bounds += [f"less than {money_text(below, currency)}"] if below is not None else []
    asked = f"Does the debtor owe {' and '.join(bounds)}?"

    def check(_: Account, owes: Owed) -> Met:
        inside = owes.minor >= least and (below is None or owes.minor < below)
        return Met(asked, money_text(owes.minor, currency), "yes" if inside else "no")

    return check


def age(least: int, below: int | None) -> Condition:
    """How many days the oldest claim is overdue: at least, and less than."""
    bounds = [f"at least {least}"] if least else []
    bounds += [f"less than {below}"] if below is not None else []
    asked = f"Is the oldest claim {' and '.join(bounds)} days overdue?"

    def check(account: Account, owes: Owed) -> Met:
        if owes.oldest is None:
            return Met(asked, "the due date is not known", "unknown")
        days = max(0, (account.day - owes.oldest).days)
        inside = days >= least and (below is None or days < below)
        return Met(asked, f"{days} days", "yes" if inside else "no")

    return check


def _verdict(seen: str, wanted: tuple[str, ...], *, met: bool) -> Verdict:
    if not seen:
        return "yes" if UNKNOWN in wanted else "unknown"
    return "yes" if met else "no"


def _squeezed(postcode: str) -> str:
    return "".join(postcode.split()).upper()


def _listed(values: tuple[str, ...]) -> str:
    return ", ".join(_words(one) for one in values)


def _words(value: str) -> str:
    return value.replace("_", " ")
