"""Conditions that break one rule each."""

import socket
from collections.abc import Callable, Iterator
from datetime import timedelta
from itertools import count
from typing import Any

from right_condition import OldEnoughConfig, old_enough

from connector.model import Account, ConditionAnswer

Ask = Callable[[Account], ConditionAnswer]


def fails_without_claims(config: OldEnoughConfig) -> Ask:
    ask = old_enough(config)
    return lambda account: (ask(account), account.claims[0])[0]


def says_nothing(config: OldEnoughConfig) -> Ask:
    ask = old_enough(config)
    return lambda account: ask(account).model_copy(update={"seen": ""})


def answers_with_a_word(_: OldEnoughConfig) -> Any:
    return lambda account: "yes"


def counts_how_often_it_was_asked(config: OldEnoughConfig) -> Ask:
    numbers: Iterator[int] = count()
    ask = old_enough(config)
    return lambda account: ask(account).model_copy(update={"seen": f"asked {next(numbers)} times"})


def calls_out(config: OldEnoughConfig) -> Ask:
    ask = old_enough(config)

    def answer(account: Account) -> ConditionAnswer:
        socket.getaddrinfo("127.0.0.1", 80)
        return ask(account)

    return answer


def changes_the_account(config: OldEnoughConfig) -> Ask:
    ask = old_enough(config)

    def answer(account: Account) -> ConditionAnswer:
        account.credit_minor["EUR"] = 1
        return ask(account)

    return answer


def keeps_to_weekdays(_: OldEnoughConfig) -> Ask:
    def answer(account: Account) -> ConditionAnswer:
        free = account.day.weekday() >= 5
        after = account.day + timedelta(days=1)
        return ConditionAnswer(
            seen=f"{account.day:%A}",
            origin="calendar",
            verdict="no" if free else "yes",
            earliest=after if free else None,
        )

    return answer


def tells_too_late_a_day(config: OldEnoughConfig) -> Ask:
    return _moved(config, 1)


def tells_no_day(config: OldEnoughConfig) -> Ask:
    ask = old_enough(config)
    return lambda account: ask(account).model_copy(update={"earliest": None})


def tells_a_day_that_is_over(config: OldEnoughConfig) -> Ask:
    return _moved(config, -9999)


def _moved(config: OldEnoughConfig, days: int) -> Ask:
    ask = old_enough(config)

    def answer(account: Account) -> ConditionAnswer:
        told = ask(account)
        moved = told.earliest + timedelta(days=days) if told.earliest else None
        return told.model_copy(update={"earliest": moved})

    return answer
