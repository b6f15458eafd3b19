"""What an insolvency or a debt arrangement does to collecting."""

from datetime import date
from typing import Literal, get_args

from connector.law.answers import Answer, Undecided
from connector.law.law import Law
from connector.law.rows import EffectRow
from connector.model.record import Record

DutchRegime = Literal[
    "bankruptcy",
    "suspension of payments",
    "wsnp",
    "cooling off",
    "whoa cooling off",
    "moratorium 287b",
    "broad moratorium",
    "municipal counselling",
    "protective administration",
    "death",
]
BelgianRegime = Literal["bankruptcy", "judicial reorganisation", "collective settlement", "debt mediation"]
Collection = Literal["stopped", "free", "other person"]


class RegimeEffect(Record):
    """What a regime does from the day it begins.

    - `collection`: `stopped`; `free`, apart from what is `barred`; `other person`: go on with the one of the `task`.
    - `interest_runs`: unknown where nothing was read about it: then none is charged, and a person is asked.
    - `task`: what the creditor has to do, if anything; `file_within_months`, from the notice.
    - `first_months`, `most_months`, `most_days`: how long it lasts at first, and at most.
    """

    article: str
    collection: Collection
    interest_runs: Answer
    task: str
    first_months: int | None
    most_months: int | None
    most_days: int | None
    file_within_months: int | None
    barred: tuple[str, ...]
    source: str


def dutch_effect(law: Law, regime: DutchRegime, day: date) -> RegimeEffect | Undecided:
    """What a Dutch regime does on a day: Fw, Wgs, BW; each with its article.

    Undecided for municipal debt counselling, which no statute makes a stop: the setting `nl_municipal_counselling`
    decides. Raises CoverageError for a day that the tables do not cover.
    """
    found = _effect(law, "nl", regime, day)
    chosen = law.settings.nl_municipal_counselling
    if isinstance(found, Undecided) and chosen is not None:
        table = law.tables.effect(f"nl.insolvency.{regime.replace(' ', '_')}")
        return _as_effect(table.article, table.at(day), "stopped" if chosen == "pause" else "free")
    return found


def belgian_effect(law: Law, regime: BelgianRegime, day: date) -> RegimeEffect | Undecided:
    """What a Belgian regime does on a day: Book XX and XIX Code of Economic Law, arts. 1675/2 ff. Judicial Code."""
    return _effect(law, "be", regime, day)


def regimes() -> dict[str, tuple[str, ...]]:
    """The regimes by country."""
    return {"nl": get_args(DutchRegime), "be": get_args(BelgianRegime)}


def _effect(law: Law, country: str, regime: str, day: date) -> RegimeEffect | Undecided:
    table = law.tables.effect(f"{country}.insolvency.{regime.replace(' ', '_')}")
    row = table.at(day)
    if row.collection == "undecided":
        return Undecided(
            question=f"Does collecting stop under: {table.title}?",
            reason=table.about,
            decided_by=f"the setting {country}_{regime.replace(' ', '_')}",
            readings={"pause": "stopped", "go on": "free"},
        )
    return _as_effect(table.article, row, row.collection)


def _as_effect(article: str, row: EffectRow, collection: Collection) -> RegimeEffect:
    same = row.model_dump(
        include={"interest_runs", "task", "first_months", "most_months", "most_days", "file_within_months", "barred"}
    )
    return RegimeEffect(article=article, collection=collection, source=row.source, **same)
