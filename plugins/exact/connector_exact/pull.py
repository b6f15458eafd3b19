"""The pull by call plan (Exact Online reference 7): deletes first, then terms, relations, people, addresses."""

from collections.abc import Generator, Iterator, Mapping
from datetime import date, timedelta
from typing import Any, TypeVar

from connector.api import Context
from connector.errors import TransientError
from connector.model import Page
from connector_exact.calibration import Calibration
from connector_exact.client import Client
from connector_exact.config import ExactConfig
from connector_exact.control import read_total
from connector_exact.cursor import FIRST, Position, Stream
from connector_exact.division import read_division
from connector_exact.feeds import Feed, debtor_feeds, deletes
from connector_exact.groups import CustomerGroups, read_groups
from connector_exact.listing import Listing
from connector_exact.mapping import TermMapping, not_asked
from connector_exact.pages import RowPage, RowReader, walk
from connector_exact.rights import Rights
from connector_exact.rows import Term

R = TypeVar("R")


class Pull:
    """One run over one division. Each page it gives can be the last one read: its cursor goes on from there."""

    def __init__(self, config: ExactConfig, context: Context, client: Client, position: Position) -> None:
        self._config = config
        self._context = context
        self._client = client
        self._position = position
        self._rights = Rights(config, context, client)
        self._calibration = Calibration(config, context, "terms")

    def pages(self) -> Iterator[Page]:
        """All pages of the run; the last one is complete."""
        self._prepare()
        self._rights.assert_reading()
        # The log of deletes goes first: what is deleted while we walk stands behind its cursor and comes next time.
        yield from self._follow(deletes())
        yield from self._terms()
        for feed in debtor_feeds(self._config, self._today, self._groups()):
            yield from self._follow(feed)
        yield from self._finish()

    @property
    def _today(self) -> date:
        return self._context.clock.today()

    def _prepare(self) -> None:
        """Look at the division once a day; begin again after a move, or after too long a sleep."""
        completed_at = self._position.completed_at
        if completed_at and self._context.clock.now() - completed_at > timedelta(days=self._config.asleep_days):
            self._begin_again("the last full run is longer ago than the log of deletes reaches back")
        if self._position.reading not in ("", self._config.reading):
            self._begin_again("settings that decide how rows are read were changed")
        self._keep(reading=self._config.reading)
        if self._position.checked_on == self._today:
            return
        row = read_division(self._client, self._position.division, self._context)
        currency, moved = row.get("Currency"), row.get("DivisionMoveDate") or ""
        if not currency:
            raise TransientError(f"administration {self._position.division} does not tell its currency")
        if self._position.moved not in (None, moved):
            self._begin_again("the administration was moved: its row versions have started again")
        self._keep(moved=moved, currency=currency, checked_on=self._today)

    def _begin_again(self, why: str) -> None:
        self._context.log.warning("reading the ledger from the beginning", why=why)
        self._position = self._position.from_beginning()

    def _keep(self, **changes: object) -> None:
        self._position = self._position.with_changes(**changes)

    def _follow(self, feed: "Feed[Any]") -> Iterator[Page]:
        for page in self._walk(feed.stream, feed.reader):
            yield self._page(feed.reader.entity, feed.content(page.rows), faults=page.faults)
            del page

    def _walk(self, stream: Stream, reader: RowReader[R]) -> Iterator[RowPage[R]]:
        """The pages after the stream's row version that hold anything; each moves the row version on."""
        since = max(FIRST, getattr(self._position, stream) - self._config.overlap)
        for page in walk(self._client, reader, {"$filter": f"Timestamp gt {since}"}):
            if page.rows or page.faults:
                before = self._position
                self._keep(**{stream: max(page.high, getattr(before, stream))})
                yield page
                del page

    def _terms(self) -> Iterator[Page]:
        reader: RowReader[Term] = RowReader(
            Term, "sync/Cashflow/PaymentTerms", entity="payment terms", without=not_asked(self._config)
        )
        self._turn_if_needed()
        while (yield from self._terms_until_turned(reader)):
            pass
        self._calibration.save()

    def _turn_if_needed(self) -> bool:
        """Begin again with the terms when they are stored with another sign than the one known by now."""
        sign = self._calibration.sign(self._position.sign)
        if self._position.sign in (0, sign):
            return False
        self._context.log.warning("amounts turned out to have the other sign: reading all terms again")
        self._keep(terms=FIRST, sign=sign, restarted=True, resync=True)
        return True

    def _terms_until_turned(self, reader: RowReader[Term]) -> Generator[Page, None, bool]:
        """Gives the pages of terms; True when the evidence turns the sign of what is stored already."""
        for page in self._walk("terms", reader):
            self._measure(page)
            if self._turn_if_needed():
                return True
            yield self._mapped(page, reader.entity)
            del page
        return False

    def _mapped(self, page: RowPage[Term], stream: str) -> Page:
        sign = self._calibration.sign(self._position.sign)
        mapping = TermMapping(self._config, sign=sign, home_currency=self._position.currency)
        items = mapping.items(page.rows)
        page.rows.clear()  # while the host stores the items, the rows' memory is free
        self._keep(sign=sign, quiet=False)
        return self._page(stream, {"items": items}, faults=page.faults)

    def _groups(self) -> CustomerGroups:
        """The customer groups; all relations are read again where they mean something else than before."""
        groups = read_groups(self._client, self._config.customer_group)
        if groups.mark != self._position.groups:
            if self._position.groups and groups.mark:
                self._rights.assert_reading(now=True)  # renamed, or we may not look any more
            self._keep(accounts=FIRST, groups=groups.mark)
        return groups

    def _measure(self, page: RowPage[Term]) -> None:
        before = self._calibration.measured
        self._calibration.count(page.rows)
        if self._calibration.measured != before:
            self._calibration.save()

    def _finish(self) -> Iterator[Page]:
        """The listing of what is open and the control total where they are due, then the complete page."""
        listed = False
        if self._is_listing_due():
            listed = yield from self._list_open()
            # One that was inconclusive is tried again tomorrow, not with every pull.
            days = timedelta(days=0 if listed else self._config.snapshot_days - 1)
            self._keep(listed_on=self._today - days)
        elif self._position.listed_on is None:
            self._keep(listed_on=self._today)  # a first load has walked everything: it needs no listing
        total = None
        if self._position.totalled_on != self._today:
            total = read_total(self._client, self._config, self._context, self._position.currency)
        self._keep(resync=False, completed_at=self._context.clock.now())
        started_again = total is not None and self._compare(total.minor)
        page = self._page("", {"complete": True, "snapshot": listed, "control_total": total})
        if started_again:
            self._begin_again("what is open changed, and changed again, while no term came")
            page = page.model_copy(update={"cursor": self._position.text()})
        yield page

    def _compare(self, total: int) -> bool:
        """Whether the row versions must have started again: what is open moved, and for a day no term came.

        Something may be booked between the last term and the total, so a first difference is only doubted.
        """
        position = self._position
        differs = position.quiet and position.total != total
        kept = position.total if differs else total
        self._keep(total=kept, totalled_on=self._today, quiet=True, doubted=differs)
        return differs and position.doubted

    def _is_listing_due(self) -> bool:
        days, listed_on = self._config.snapshot_days, self._position.listed_on
        if not days or self._position.resync or listed_on is None:
            return bool(days) and self._position.resync
        return self._today - listed_on >= timedelta(days=days)

    def _list_open(self) -> Generator[Page, None, bool]:
        """Gives the pages of all open terms; True when the host may conclude from a row's absence."""
        sign = self._calibration.sign(self._position.sign)
        listing = Listing(self._config, self._context, self._client, sign=sign, home_currency=self._position.currency)
        for items, faults in listing.pages():
            yield self._page("open terms", {"items": items}, faults=faults)
        if listing.count == 0:
            self._rights.assert_reading(now=True)  # everybody has paid, or we may not look any more
        return listing.conclusive

    def _page(self, stream: str, content: Mapping[str, Any], *, faults: tuple[Any, ...] = ()) -> Page:
        restarted = self._position.restarted
        self._keep(restarted=False)
        return Page(
            **content,
            faults=faults,
            stream=stream,
            cursor=self._position.text(),
            full_resync=restarted,
            calibrated=self._calibration.vouched,
        )
