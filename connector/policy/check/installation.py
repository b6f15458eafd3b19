"""The check of the policies of an installation, each with the law of the ledgers that use it."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from pathlib import Path

from connector.api import ConditionType
from connector.config import Ledger, Settings
from connector.policy.check.check import check_policy
from connector.policy.check.finding import Checked
from connector.policy.check.lawful import COUNTRIES, Calendars, Country
from connector.policy.check.timings import Audience


def check_policies(
    settings: Settings,
    today: date,
    *,
    paths: Sequence[Path] | None = None,
    country: Country | None = None,
    conditions: Mapping[str, ConditionType] | None = None,
) -> Iterator[Checked]:
    """The policies of an installation, or those at `paths`. A policy that no ledger uses is held against no law.

    A policy does not say for which country it is: the country of the creditor decides, of each ledger that uses the
    policy, or `country` where it is given. The law is asked for the years from `today` on. `conditions` are those that
    plugins offer; left out, none is looked up.
    """
    calendars = Calendars(settings.law.law(), today)
    for path in paths if paths is not None else settings.policies.values():
        audiences = audiences_of(settings, path)
        if country:
            audiences = [one._replace(country=country) for one in audiences] or [Audience(country)]
        yield check_policy(path, audiences, calendars, home=settings.home, conditions=conditions)


def check_used(settings: Settings, today: date) -> Iterator[Checked]:
    """`check_policies` of the policies that a ledger uses, for the doctor and the service."""
    used = sorted({settings.policies[one.policy] for one in settings.ledgers.values()})
    return check_policies(settings, today, paths=used)


def audiences_of(settings: Settings, path: Path) -> list[Audience]:
    """What the ledgers that use the policy at `path` tell."""
    using = (one for one in settings.ledgers.values() if settings.policies[one.policy].resolve() == path.resolve())
    return [_audience(one) for one in using]


def _audience(ledger: Ledger) -> Audience:
    agencies = tuple(one.connection for one in ledger.sinks)
    return Audience(_country(ledger), ledger.debtors_are, ledger.currency, ledger.name, agencies)


def _country(ledger: Ledger) -> Country | None:
    return next((one for one in COUNTRIES if one == ledger.creditor.address.country), None)
