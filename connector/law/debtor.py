"""Who the debtor is in the eyes of the law: three flags that do not follow from one another."""

from connector.law.answers import Answer
from connector.model import DebtorKind
from connector.model.record import Record


class Debtor(Record):
    """Three independent flags. Unknown is read in the way that protects the debtor most.

    - `natural_person`: a person, also one in business; for the Netherlands: living there (art. 2 Wki).
    - `in_business`: this debt was made in the exercise of a profession or business (art. 6:96 lid 6 BW,
      art. I.1, 2° and Book XIX of the Belgian Code of Economic Law).
    - `public_body`: a government or another public authority (art. 6:119b BW; art. 1394/20 Judicial Code).
    """

    natural_person: Answer = "unknown"
    in_business: Answer = "unknown"
    public_body: Answer = "unknown"

    @property
    def consumer(self) -> bool:
        """A natural person who does not act in business, or may be one."""
        return self.natural_person != "no" and self.in_business != "yes" and self.public_body != "yes"

    @property
    def business(self) -> bool:
        """Surely acts in business, and is surely no public body."""
        return not self.consumer and self.in_business == "yes" and self.public_body == "no"

    @property
    def perhaps_natural_person(self) -> bool:
        """A person, or perhaps one: the agency must be registered (art. 2 Wki)."""
        return self.natural_person != "no" and self.public_body != "yes"


_FLAGS = {
    "consumer": Debtor(natural_person="yes", in_business="no", public_body="no"),
    "business": Debtor(natural_person="unknown", in_business="yes", public_body="no"),
    "sole_trader": Debtor(natural_person="yes", in_business="unknown", public_body="no"),
    "public_body": Debtor(natural_person="no", in_business="no", public_body="yes"),
    "unknown": Debtor(),
}


def debtor_of(kind: DebtorKind) -> Debtor:
    """The flags that a debtor's kind settles, and no more.

    A business may be a partnership, whose partners are natural persons. A sole trader may have bought for private
    use: whether a debt was made in business is a fact of the debt.
    """
    return _FLAGS[kind]
