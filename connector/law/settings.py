"""What nobody could establish, as settings: left empty, the answer is *undecided* where it would matter."""

from typing import Literal

from pydantic import Field

from connector.model.record import Record


class LawSettings(Record):
    """The readings of the law that a creditor takes on its lawyer's advice. Empty: none taken."""

    nl_day_count: Literal["365", "anniversary"] | None = Field(
        default=None,
        description="Dutch interest in a year with 29 February: `365` always divides by 365, `anniversary` divides a "
        "year of interest that holds 29 February by 366, so that a full year gives exactly the rate",
    )
    nl_recurring_instalments: Literal["highest instalment"] | None = Field(
        default=None,
        description="collection costs on instalments of one continuing contract within six months (art. 2a Besluit "
        "BIK, not read): `highest instalment` asks in one letter no more than the costs of the highest one",
    )
    nl_letter_by_email: Literal["postal calendar"] | None = Field(
        default=None,
        description="a fourteen-day letter by e-mail without proof of receipt: `postal calendar` takes the days that a "
        "letter by post would have had",
    )
    nl_municipal_counselling: Literal["pause", "go on"] | None = Field(
        default=None,
        description="municipal debt counselling without a moratorium: `pause`, as covenants expect, or `go on`",
    )
    nl_large_company: Literal["20/40", "25/50"] | None = Field(
        default=None,
        description="balance sheet and turnover, in millions of euro, above which a Dutch company is large in "
        "financial years from 2024",
    )
    nl_wki_article_18: Literal["costs stay", "costs lapse"] | None = Field(
        default=None,
        description="what collecting without registration does to the costs from 1 October 2026 (art. 18 Wki, not "
        "read)",
    )
    be_saturday: Literal["working", "not working"] | None = Field(
        default=None,
        description="whether Saturday is a working day in Book XIX, when three of them are counted after a letter by "
        "post",
    )
    be_interruption_by_letter: Literal["counts", "does not count"] | None = Field(
        default=None,
        description="whether a registered letter of a lawyer or bailiff (art. 2244 §2 old Civil Code, not read again) "
        "is taken to interrupt the limitation, once and for one year",
    )
