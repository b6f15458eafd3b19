"""Sinks that are wrong on purpose: each breaks one rule, and the kit must fail exactly the check named."""

import unicodedata
from collections.abc import Iterator, Mapping
from datetime import date, datetime
from itertools import count
from typing import TYPE_CHECKING, Any

from right_sink import RightSink

from connector.errors import AuthError, RejectedError, TransientError, UnknownOutcome
from connector.model import Case, CaseView, Document, Event, Money, Mutation, Preflight, Receipt, Remittance

if TYPE_CHECKING:
    from requests import Response

NUMBERS = count(1)


class SaysDoneTooEarly(RightSink):
    def submit(self, case: Case, *, key: str) -> Receipt:
        return super().submit(case, key=key).model_copy(update={"state": "done"})


class HidesReplays(RightSink):
    def submit(self, case: Case, *, key: str) -> Receipt:
        return super().submit(case, key=key).model_copy(update={"replayed": False})


class CallsALostAnswerAFailure(RightSink):
    def lost(self, error: UnknownOutcome, key: str) -> Exception:
        return TransientError("no answer")


class ForgetsTheKeyOfALostAnswer(RightSink):
    def lost(self, error: UnknownOutcome, key: str) -> Exception:
        return UnknownOutcome("no answer", key="")


class UsesFloats(RightSink):
    def amount(self, money: Money) -> str:
        return str(int(float(money.decimal) * 10) / 10)


class KeepsTheReasons(RightSink):
    def reasons(self, answer: "Response") -> tuple[str, ...]:
        return (str(answer.status_code),)


class CallsBeforeTheReset(RightSink):
    def raise_for(self, answer: "Response") -> None:
        if answer.status_code == 429:
            answer.headers["Retry-After"] = str(int(answer.headers["Retry-After"]) // 2)
        super().raise_for(answer)


class TakesABrokenAnswerForARefusal(RightSink):
    def raise_for(self, answer: "Response") -> None:
        if answer.status_code == 503:
            raise RejectedError("refused")
        super().raise_for(answer)


class SendsMoreThanItSays(RightSink):
    def body(self, case: Case) -> dict[str, Any]:
        return super().body(case) | {"iban": case.debtor.iban}


class GuessesStatuses(RightSink):
    def kind(self, status: str) -> str | None:
        return super().kind(status) or "under_review"


class HidesTheAgencysWord(RightSink):
    def event(self, told: Mapping[str, Any]) -> Event:
        return super().event(told).model_copy(update={"raw": ""})


class SkipsAnEventOnResuming(RightSink):
    def cursor(self, after: int, *, complete: bool) -> str:
        return super().cursor(after if complete else after + 1, complete=complete)


class NumbersEventsAnew(RightSink):
    def event_id(self, told: Mapping[str, Any]) -> str:
        return f"event-{next(NUMBERS)}"


class UsesItsOwnClock(RightSink):
    def time(self, told: Mapping[str, Any]) -> datetime:
        return self.context.clock.now()


class DropsTheTimeZone(RightSink):
    def event(self, told: Mapping[str, Any]) -> Event:
        event = super().event(told)
        return event.model_copy(update={"occurred_at": event.occurred_at.replace(tzinfo=None)})


class SendsMutationsAnew(RightSink):
    def mutate(self, mutation: Mutation, *, key: str) -> Receipt:
        return super().mutate(mutation, key=f"{key}-{next(NUMBERS)}")


class PretendsToHaveTold(RightSink):
    def cannot(self, mutation: Mutation) -> Receipt:
        return Receipt(reference=mutation.case_ref, state="done")


class AttachesTwice(RightSink):
    def attach(self, case_ref: str, document: Document, *, key: str) -> Receipt:
        return super().attach(case_ref, document, key=f"{key}-{next(NUMBERS)}")


class FindsWhatWasNeverSent(RightSink):
    def find(self, key: str) -> Receipt | None:
        return super().find(key) or Receipt(reference="AG-0")


class WritesPlainLetters(RightSink):
    def name(self, case: Case) -> str:
        plain = unicodedata.normalize("NFKD", case.debtor.name)
        return plain.encode("ascii", errors="ignore").decode()


class CutsLongNames(RightSink):
    def preflight(self, case: Case) -> Preflight:
        return Preflight()

    def name(self, case: Case) -> str:
        return case.debtor.name[:80]


class BelievesOldWebhooks(RightSink):
    def is_fresh(self, sent_at: datetime) -> bool:
        return True


class BelievesUnsignedWebhooks(RightSink):
    def signature(self, sent_at: str, body: bytes) -> str:
        return super().signature(sent_at, b"")


class ShowsAnyCase(RightSink):
    def snapshot(self, case_ref: str) -> CaseView | None:
        return super().snapshot(case_ref) or CaseView(
            case_ref=case_ref, agency_ref="", handover="unknown", as_of=self.context.clock.now()
        )


class GivesBackWhileAsking(RightSink):
    def withdrawal_cost(self, case_ref: str) -> Money | None:
        self.write(f"/cases/{case_ref}/mutations", {"kind": "withdraw"}, key="price")
        return super().withdrawal_cost(case_ref)


class CreatesWhileAsking(RightSink):
    def preflight(self, case: Case) -> Preflight:
        self.submit(case, key="preflight")
        return super().preflight(case)


class ForgetsTheCosts(RightSink):
    def remittances(self, since: date | None) -> Iterator[Remittance]:
        for remittance in super().remittances(since):
            yield remittance.model_copy(update={"net": remittance.gross})


class PaysOutFromTheBeginning(RightSink):
    def remittances(self, since: date | None) -> Iterator[Remittance]:
        return super().remittances(None)


class TellsItsKeyInErrors(RightSink):
    def raise_for(self, answer: "Response") -> None:
        if answer.status_code == 401:
            raise AuthError(f"refused: {answer.request.headers['Authorization']}")
        super().raise_for(answer)


class TriesRefusedCredentialsAgain(RightSink):
    def check(self) -> None:
        try:
            super().check()
        except AuthError:
            super().check()
