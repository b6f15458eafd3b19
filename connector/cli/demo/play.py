"""Playing the story: the clock moves, things happen, the connector does its work, and it is told what came of it."""

from collections import Counter
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from typing import Any

from connector.cli.compared import sides
from connector.cli.demo.stage import Stage, set_stage
from connector.cli.demo.story import Act, Story
from connector.cli.output import print_line, show_table
from connector.cli.plan_table import Shown, show_plan
from connector.config import Ledger
from connector.flow import actions
from connector.flow.compare import Comparison, compare
from connector.flow.follow import follow
from connector.flow.handover import hand_over
from connector.runtime.visit import visit
from connector.runtime.words import plural
from connector.store import agency, cases, debtors, people, plans

_HOUR = time(8, tzinfo=UTC)
_ACTOR = "demo"
_LETTERS = ("remind", "notice")


def play(story: Story, home: Path, *, store: str = "") -> bool:
    """Play `story` with an installation in `home`, telling it on stdout. True when both sides agree at the end.

    `store`: the URL of an empty database; without one it is a file in `home`.
    """
    begin = datetime.combine(story.begin, _HOUR)
    with set_stage(home, begin, story.servers, store=store) as stage:
        playing = _Playing(story, stage)
        for day in _days(story):
            stage.clock.set(datetime.combine(day, _HOUR))
            playing.live(day)
        return playing.close()


def _days(story: Story) -> Iterator[date]:
    """The days on which anybody looks: every so many, and those on which something happens."""
    days = {act.on for act in story.act}
    day = story.begin
    while day <= story.end:
        days.add(day)
        day += timedelta(days=story.every_days)
    return iter(sorted(days))


class _Playing:
    def __init__(self, story: Story, stage: Stage) -> None:
        self._story = story
        self._stage = stage
        self._workspace = stage.workspace
        self._ledger: Ledger = next(iter(stage.workspace.settings.ledgers.values()))
        self._known: dict[str, str] = {}
        self._booked: set[tuple[str, str, str]] = set()
        self._shown = False
        self._totals: Counter[str] = Counter()

    def live(self, day: date) -> None:
        """One day: what happens, what the bookkeeper books, what the connector does, what the controller does."""
        for act in self._story.act:
            if act.on == day:
                print_line(f"{day}  {act.say}")
                self._perform(act)
        self._book_pay_outs(day)
        counts = self._visit()
        counts += self._work_the_plan(day)
        self._totals += counts
        told = _told(counts)
        if told:
            print_line(f"{day}    {told}")

    def close(self) -> bool:
        """Compare both sides, and say what happened."""
        compared = compare(self._workspace, self._ledger)
        _show_comparison(compared)
        agree = bool(compared) and all(one.agrees for one in compared)
        self._tell_the_end(agree=agree, lines=len(compared))
        return agree

    def _perform(self, act: Act) -> None:
        for order in act.orders:
            answer = self._stage.order(act.server, order.path, _filled(order.body, self._key))
            if act.keep:
                self._known[act.keep] = answer["entry_id"]
        if act.controller == "dispute":
            key = self._debtor(act.debtor)
            actions.open_dispute(self._workspace, self._ledger, key, reason=act.text, claim="", actor=_ACTOR)
        elif act.controller == "kinds":
            for kind, codes in act.kinds.items():
                for code in codes:
                    actions.confirm_kind(self._workspace, self._ledger, self._debtor(code), kind, actor=_ACTOR)
        elif act.controller == "answer":
            self._answer(act)

    def _key(self, name: str) -> str:
        """What an earlier order returned under this name, else the key of the debtor with this code."""
        return self._known.get(name) or self._debtor(name)

    def _debtor(self, code: str) -> str:
        """The source's key of a debtor, by the code a person knows."""
        if code not in self._known:
            with self._workspace.store.read() as tx:
                found = debtors.find(tx, self._ledger.name, code)
            self._known[code] = found[0].id
        return self._known[code]

    def _answer(self, act: Act) -> None:
        debtor_id = self._debtor(act.debtor)
        with self._workspace.store.read() as tx:
            mine = {row.case_ref for row in cases.cases(tx, ledger=self._ledger.name, debtor_id=debtor_id)}
            open_tasks = people.tasks(tx, self._ledger.name)
        for task in open_tasks:
            if task.kind == "question" and task.case_ref in mine:
                actions.answer(self._workspace, self._ledger, task, act.answers, actor=_ACTOR)

    def _book_pay_outs(self, day: date) -> None:
        """The bookkeeper books what the agency paid out on the invoices it belongs to."""
        with self._workspace.store.read() as tx:
            rows = cases.cases(tx, ledger=self._ledger.name)
            paid_out = agency.remitted(tx, [row.case_ref for row in rows])
            numbers = {
                (line.case_ref, line.line_id): line.number for row in rows for line in cases.lines(tx, row.case_ref)
            }
        for one in paid_out:
            mark = (one.remittance_id, one.payment_id, one.line_id)
            if (
                mark in self._booked
                or one.principal_minor <= 0
                or day < one.paid_on + timedelta(self._story.booking_days)
            ):
                continue
            self._booked.add(mark)
            amount = f"{one.principal_minor // 100}.{one.principal_minor % 100:02}"
            number = int(numbers[one.case_ref, one.line_id])
            body = {"invoice": number, "amount": amount, "date": day.isoformat(), "description": one.remittance_id}
            self._stage.order("exact", "123456/payments", body)
            self._totals["pay-outs booked"] += 1

    def _visit(self) -> Counter[str]:
        counts: Counter[str] = Counter()
        for turn in visit(self._workspace, self._ledger):
            if turn.error is not None:
                raise turn.error
            if turn.report is not None:
                counts += turn.report.counts
        return counts

    def _work_the_plan(self, day: date) -> Counter[str]:
        """The credit controller sends the letters of today's plan and releases the hand-overs."""
        with self._workspace.store.read() as tx:
            plan = plans.last_plan(tx, self._ledger.name)
        assert plan is not None
        for action in _LETTERS:
            actions.record_steps(
                self._workspace, self._ledger, plan.id, action=action, taken_on=day, channel="e-mail", actor=_ACTOR
            )
        if not plan.counts.get("escalate"):
            return Counter()
        if not self._shown:
            self._shown = True
            print_line()
            show_plan(self._workspace, self._ledger, plan, shown=Shown(everybody=True), as_json=False)
            print_line()
        counts = Counter(hand_over(self._workspace, self._ledger, plan.id).counts)
        counts += follow(self._workspace, self._ledger).counts
        return counts

    def _tell_the_end(self, *, agree: bool, lines: int) -> None:
        total = self._totals
        print_line(
            f"From {self._story.begin} to {self._story.end}: {plural(total['cases'], 'case')} handed over with "
            f"{plural(total['claims'], 'invoice')}, {plural(total['mutations'], 'change')} told to the agency, "
            f"{plural(total['events'], 'event')} and {plural(total['remittances'], 'pay-out')} brought back, "
            f"{plural(total['notes'], 'note')} kept up to date in the ledger, {plural(total['calls'], 'call')} in all."
        )
        verdict = "Both sides agree to the cent" if agree else "THE TWO SIDES DO NOT AGREE"
        print_line(f"{verdict} on {plural(lines, 'invoice')}.")
        print_line()
        home = self._stage.home
        print_line(f"Look around in it:  incasso --home {home} status")
        print_line(f"                    incasso --home {home} case list")
        print_line("Make your own:      docs/tutorial.md, the first hand-over in ten minutes")


def _filled(body: Any, key_of: Callable[[str], str]) -> Any:
    """The order with `{name}` replaced by the key it stands for."""
    if isinstance(body, dict):
        return {key: _filled(value, key_of) for key, value in body.items()}
    if isinstance(body, list | tuple):
        return [_filled(value, key_of) for value in body]
    if isinstance(body, str) and body.startswith("{") and body.endswith("}"):
        return key_of(body[1:-1])
    return body


_WORDS = (
    ("remind", "reminder", "reminders"),
    ("notice", "formal notice", "formal notices"),
    ("cases", "case handed over", "cases handed over"),
    ("left out", "left out of the plan", "left out of the plan"),
    ("mutations", "change told to the agency", "changes told to the agency"),
    ("event accepted", "case accepted", "cases accepted"),
    ("event info_requested", "question from the agency", "questions from the agency"),
    ("event payment_received", "payment collected", "payments collected"),
    ("event payment_reversed", "payment undone", "payments undone"),
    ("remittances", "pay-out", "pay-outs"),
    ("event closed", "case closed", "cases closed"),
)


def _told(counts: Counter[str]) -> str:
    return ", ".join(plural(counts[key], one, many) for key, one, many in _WORDS if counts[key])


def _show_comparison(compared: list[Comparison]) -> None:
    rows = [[one.number, *sides(one)] for one in compared]
    columns = ["invoice", "open in the ledger", "collected, not booked yet", "open at the agency", "difference"]
    print_line()
    show_table(columns, rows, right=columns[1:], whole=["invoice"], title="Both sides at the end")
