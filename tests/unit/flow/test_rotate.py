"""Rotating the key: everything ends under the first key, whatever happens on the way, and no log-in is lost."""

import threading
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from desk import Desk, invoice

from connector.api import SecretRef
from connector.config import Ledger
from connector.errors import ConfigError, TransientError
from connector.flow import circumstances
from connector.flow.accounts import account as present
from connector.flow.handover import hand_over
from connector.flow.messages import open_document, read_payload
from connector.flow.plan import make_plan
from connector.flow.pull import pull
from connector.flow.reasons import with_reasons
from connector.flow.rotate import Rotated, Rotation, rotate
from connector.flow.runs import StoppedError
from connector.model import Circumstance
from connector.secrets import generate_key
from connector.store import agency, cases, journal, outbox, sealed
from connector.store.sealed import SealedRow
from connector.testing import make_document

DOCUMENTS = {"INV-1": b"%PDF-1.4 one", "INV-2": b"%PDF-1.4 two"}
WHY = "ill, told by her daughter"
TOKENS = {"books": "refresh-1", "other": "refresh-2"}


def with_keys(desk: Desk, *files: str) -> Desk:
    """The desk of a process that was started with these keys, newest first; a file that is not there is made."""
    home = desk.settings.home
    for name in files:
        if not (home / name).exists():
            (home / name).write_text(generate_key(), encoding="utf-8")
            (home / name).chmod(0o600)
    refs = tuple(SecretRef(file=str(home / name)) for name in files)
    return replace(desk, settings=desk.settings.model_copy(update={"keys": refs}))


@pytest.fixture
def old(desk: Desk, ledger: Ledger) -> Desk:
    """A desk whose only key is "key": two log-ins, a case with its documents and the messages about them."""
    desk.books.papers.update({claim: make_document(id=claim, content=paper) for claim, paper in DOCUMENTS.items()})
    desk.books.holds(invoice("1"), invoice("2"))
    pull(desk, ledger)
    hand_over(desk, ledger, make_plan(desk, ledger)[1].id)
    for connection, token in TOKENS.items():
        desk.context(connection).secrets.save("tokens", token)
    ill = Circumstance(kind="vulnerable", since=desk.clock.today(), reason=WHY)
    circumstances.record(desk, ledger, "d1", ill, actor="anna")
    return desk


@pytest.fixture
def both(old: Desk) -> Desk:
    """The same, as a process sees it that was started after a newer key was named."""
    return with_keys(old, "new", "key")


@pytest.fixture
def one_by_one(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sealed, "_MOST_ROWS", 1)


def everything(desk: Desk) -> Iterator[SealedRow]:
    for kind in sealed.KINDS:
        for batch in batches(desk, kind):
            yield from batch


def batches(desk: Desk, kind: sealed.Kind) -> Iterator[list[SealedRow]]:
    after: tuple[str, ...] | None = None
    with desk.store.read() as tx:
        while batch := sealed.read_batch(tx, kind, after=after):
            yield batch
            after = batch[-1].place


def check_readable(desk: Desk) -> None:
    """Every log-in, message and document says what it said when it was put there."""
    for connection, token in TOKENS.items():
        assert desk.context(connection).secrets.load("tokens") == token
    with desk.store.read() as tx:
        (case,) = cases.cases(tx, ledger="acme")
        kept = {claim: agency.read_document(tx, "acme", claim) for claim in DOCUMENTS}
        account = present(tx, desk.settings.ledgers["acme"], "d1", desk.clock.today())
        payloads = [read_payload(desk, message) for message in outbox.of_case(tx, case.case_ref)]
    [befell] = with_reasons(desk, account).circumstances
    assert befell.reason == WHY
    assert {claim: open_document(desk, one).content for claim, one in kept.items() if one} == DOCUMENTS
    assert [payload.decode() for payload in payloads[1:]] == sorted(DOCUMENTS)
    assert case.case_ref in payloads[0].decode()


def resealed(done: Rotation) -> dict[str, int]:
    return {one.kind: one.resealed for one in done.kinds}


def test_afterwards_the_first_key_opens_everything_alone(old: Desk, both: Desk) -> None:
    done = rotate(both, actor="anna")
    assert done.kinds == (
        Rotated(kind="token", resealed=2, before=0, left=0),
        Rotated(kind="message", resealed=3, before=0, left=0),
        Rotated(kind="document", resealed=2, before=0, left=0),
        Rotated(kind="reason", resealed=1, before=0, left=0),
    )
    assert (done.key_id, done.older_keys, done.old_keys_may_go) == (both.keys.key_id, 1, True)
    check_readable(with_keys(old, "new"))
    with old.store.read() as tx:
        ((_, actor, action, detail),) = journal.audit_trail(tx, "", done.key_id)
    assert (actor, action, detail) == ("anna", "keys.rotate", {"token": 2, "message": 3, "document": 2, "reason": 1})


def test_the_second_time_there_is_nothing_to_do(both: Desk) -> None:
    rotate(both, actor="anna")
    before = list(everything(both))
    again = rotate(both, actor="anna")
    assert resealed(again) == {"token": 0, "message": 0, "document": 0, "reason": 0}
    assert [one.before for one in again.kinds] == [2, 3, 2, 1]
    assert list(everything(both)) == before


@pytest.mark.usefixtures("one_by_one")
@pytest.mark.parametrize("killed_after", [1, 3, 6])
def test_killed_in_the_middle_it_goes_on_where_it_was(old: Desk, both: Desk, killed_after: int) -> None:
    left = killed_after

    def die(_kind: str, count: int) -> None:
        nonlocal left
        left -= count
        if not left:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        rotate(both, actor="anna", progress=die)
    assert sum(both.keys.is_current(row.blob) for row in everything(both)) == killed_after
    check_readable(both)
    assert sum(resealed(rotate(both, actor="anna")).values()) == 8 - killed_after
    check_readable(with_keys(old, "new"))


def test_a_batch_that_breaks_leaves_nothing_of_itself(both: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    before = list(everything(both))
    put, calls = sealed.replace, 0

    def break_in_the_middle(*args: object, **options: object) -> bool:
        nonlocal calls
        calls += 1
        if calls == len(TOKENS) + 2:  # the second message of the batch
            raise KeyboardInterrupt
        return put(*args, **options)  # type: ignore[arg-type]

    monkeypatch.setattr(sealed, "replace", break_in_the_middle)
    with pytest.raises(KeyboardInterrupt):
        rotate(both, actor="anna")
    messages = [row for row in before if row.kind == "message"]
    assert [row for row in everything(both) if row.kind == "message"] == messages


@pytest.mark.usefixtures("one_by_one")
def test_asked_to_end_it_stops_between_two_batches(both: Desk) -> None:
    with pytest.raises(StoppedError, match="goes on from there"):
        rotate(both, actor="anna", progress=lambda _kind, _count: both.stop.set())
    assert sum(both.keys.is_current(row.blob) for row in everything(both)) == 1
    check_readable(both)


def test_without_the_old_key_nothing_is_touched_and_the_mend_is_named(old: Desk) -> None:
    before = list(everything(old))
    with pytest.raises(ConfigError, match="8 open with no key") as caught:
        rotate(with_keys(old, "new", "another"), actor="anna")
    assert (caught.value.file, caught.value.key) == ("incasso.toml", "secrets.keys")
    assert "token:books:tokens" in str(caught.value)
    assert "behind the first one" in caught.value.mend
    assert list(everything(old)) == before
    check_readable(old)


def test_a_row_of_a_lost_key_holds_nothing_else_up(old: Desk, both: Desk) -> None:
    with_keys(old, "lost").context("third").secrets.save("tokens", "refresh-3")
    with pytest.raises(ConfigError, match=r"1 open with no key.*token:third:tokens"):
        rotate(both, actor="anna")
    check_readable(with_keys(old, "new"))
    assert with_keys(old, "lost").context("third").secrets.load("tokens") == "refresh-3"


def test_a_log_in_that_is_being_renewed_is_waited_for_and_kept(old: Desk, both: Desk) -> None:
    """The service holds the lock while it asks for a new pair: what it gets must survive the rotation."""
    holding, finish = threading.Event(), threading.Event()

    def renew() -> None:
        secrets = old.context("books").secrets
        with secrets.lock("tokens"):
            holding.set()
            finish.wait(30)
            secrets.save("tokens", "refresh-renewed")

    service = threading.Thread(target=renew)
    service.start()
    assert holding.wait(30)
    done: list[Rotation] = []
    rotating = threading.Thread(target=lambda: done.append(rotate(both, actor="anna")))
    rotating.start()
    rotating.join(0.3)
    assert rotating.is_alive(), "it did not wait for the lock"
    finish.set()
    service.join(30)
    rotating.join(30)
    assert resealed(done[0])["token"] == 2
    assert with_keys(old, "new").context("books").secrets.load("tokens") == "refresh-renewed"


def test_a_log_in_that_stays_locked_asks_to_try_again_later(
    old: Desk, both: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("connector.flow.rotate._PATIENCE_SECONDS", 0.2)
    with old.context("books").secrets.lock("tokens"), pytest.raises(TransientError, match="token:books:tokens"):
        rotate(both, actor="anna")
    check_readable(both)


def test_a_service_that_still_writes_under_the_old_key_is_found_out(old: Desk, both: Desk) -> None:
    def write_meanwhile(kind: str, _count: int) -> None:
        if kind == "token":
            old.context("books").secrets.save("tokens", "refresh-renewed")

    done = rotate(both, actor="anna", progress=write_meanwhile)
    assert [one.left for one in done.kinds] == [1, 0, 0, 0]
    assert not done.old_keys_may_go
    assert rotate(both, actor="anna").old_keys_may_go


def test_what_was_written_since_it_was_read_is_not_overwritten(both: Desk) -> None:
    row, *_ = everything(both)
    both.context("books").secrets.save("tokens", "refresh-renewed")
    again = both.keys.reseal(row.blob, purpose="token:books:tokens")
    with both.store.write() as tx:
        assert not sealed.replace(tx, row, again.blob, key_id=again.key_id)
    assert both.context("books").secrets.load("tokens") == "refresh-renewed"


@pytest.mark.parametrize(("most_bytes", "sizes"), [(1, [1, 1]), (10_000, [2])])
def test_a_batch_is_bounded_in_bytes(
    both: Desk, monkeypatch: pytest.MonkeyPatch, most_bytes: int, sizes: list[int]
) -> None:
    monkeypatch.setattr(sealed, "_MOST_BYTES", most_bytes)
    assert [len(batch) for batch in batches(both, "document")] == sizes


def test_a_single_key_has_nothing_behind_it(old: Desk, tmp_path: Path) -> None:
    done = rotate(old, actor="anna")
    assert (done.older_keys, sum(resealed(done).values()), done.old_keys_may_go) == (0, 0, True)
