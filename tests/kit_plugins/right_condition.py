"""A condition that keeps to every rule: the conformance kit must pass it, and each wrong one differs in one way."""

from collections.abc import Callable, Iterable
from datetime import timedelta

from pydantic import Field

from connector import hookimpl
from connector.api import ConditionType, PluginConfig
from connector.model import Account, ConditionAnswer


class OldEnoughConfig(PluginConfig):
    """How old the oldest invoice must be."""

    days: int = Field(default=30, ge=0, description="days since the invoice date of the oldest open claim")


def old_enough(config: OldEnoughConfig) -> Callable[[Account], ConditionAnswer]:
    """Is the oldest invoice so many days old?"""

    def ask(account: Account) -> ConditionAnswer:
        dated = [one.invoice_date for one in account.claims if one.invoice_date]
        if not dated:
            return ConditionAnswer(seen="no claim has an invoice date", origin="open items", verdict="unknown")
        ripe = min(dated) + timedelta(days=config.days)
        seen = f"the oldest is of {min(dated)}"
        if account.day >= ripe:
            return ConditionAnswer(seen=seen, origin="open items", verdict="yes")
        return ConditionAnswer(seen=seen, origin="open items", verdict="no", earliest=ripe)

    return ask


RIGHT_CONDITION = ConditionType(
    name="right_condition", title="Age of the invoice", asked="Is the oldest invoice old enough?",
    config=OldEnoughConfig, open=old_enough,
)  # fmt: skip


@hookimpl
def register_conditions() -> Iterable[ConditionType]:
    return [RIGHT_CONDITION]
