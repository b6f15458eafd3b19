"""Visits of a ledger, each in a process of its own that may be killed at a named place.

    python visitor.py HOME

Reads an order a line, answers with a line: how the process ended, which places it passed, how its verbs ended. The
orders come to one process that has imported everything, so that a visit costs no more than a fork. An order is {}, or

    {"kill": place}                 the process dies there; with "after": seconds, then, wherever it is
    {"befall": "full", "at": place} no file grows from there on: the disk is full
    {"befall": "cut", "at": place}  every connection to PostgreSQL is cut there
    {"befall": "readonly", "at": …} the database may be read only from there on
    {"naive": true}                 without the protocol
"""

import json
import os
import resource
import signal
import sys
import time
from pathlib import Path
from typing import Any
from uuid import uuid4

from sqlalchemy import Connection, Engine, event

from connector import failpoints
from connector.cli.demo.stage import SECRETS
from connector.config import load
from connector.flow import delivery, protocol
from connector.flow.workspace import open_workspace
from connector.log import configure
from connector.runtime.visit import visit
from connector.store import open_store


def main() -> None:
    """Serve orders until the input ends."""
    home = Path(sys.argv[1])
    configure("critical", "console")
    for line in sys.stdin:
        told = home / f"visit-{uuid4().hex}.json"
        order = json.loads(line)
        child = os.fork()
        if child == 0:
            _visit(home, order, told)
        if "after" in order:
            time.sleep(order["after"])
            os.kill(child, signal.SIGKILL)
        _, status = os.waitpid(child, 0)
        killed = os.WIFSIGNALED(status)
        answer = {"killed": killed, "code": None if killed else os.WEXITSTATUS(status)}
        if told.exists():
            answer |= json.loads(told.read_text(encoding="utf-8"))
            told.unlink()
        print(json.dumps(answer), flush=True)


def _visit(home: Path, order: dict[str, Any], told: Path) -> None:
    places: dict[str, int] = {}

    def pass_by(place: str) -> None:
        places[place] = places.get(place, 0) + 1
        if place == order.get("kill") and places[place] == order.get("time", 1):
            os.kill(os.getpid(), signal.SIGKILL)
        if place == order.get("at"):
            order.pop("at")
            _BEFALLS[order["befall"]](home)

    if order.get("naive"):
        _be_naive()
    failpoints.arm(pass_by)
    code = 70
    try:
        with open_workspace(home, {**os.environ, **SECRETS}) as workspace:
            (ledger,) = workspace.settings.ledgers.values()
            turns = visit(workspace, ledger)
        _full(home, over=True)
        failed = {turn.verb: turn.told for turn in turns if turn.error is not None}
        told.write_text(json.dumps({"places": places, "failed": failed}), encoding="utf-8")
        code = 1 if failed else 0
    except BaseException as error:
        _full(home, over=True)
        told.write_text(json.dumps({"places": places, "failed": {"visit": repr(error)}}), encoding="utf-8")
    finally:
        os._exit(code)


def _full(_home: Path, *, over: bool = False) -> None:
    hard = resource.getrlimit(resource.RLIMIT_FSIZE)[1]
    resource.setrlimit(resource.RLIMIT_FSIZE, (hard if over else 0, hard))


def _cut(home: Path) -> None:
    store = open_store(load(home, {**os.environ, **SECRETS}).store_url)
    with store.engine.connect() as connection:
        connection.exec_driver_sql(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
            "WHERE datname = current_database() AND pid <> pg_backend_pid()"
        )
    store.close()


def _readonly(_home: Path) -> None:
    @event.listens_for(Engine, "engine_connect")
    def _forbid(connection: Connection) -> None:
        on_sqlite = connection.dialect.name == "sqlite"
        raw = connection.connection.driver_connection
        raw.execute("PRAGMA query_only=ON" if on_sqlite else "SET default_transaction_read_only = on")
        if not on_sqlite:
            raw.commit()


_BEFALLS = {"full": _full, "cut": _cut, "readonly": _readonly}


def _be_naive() -> None:
    """The mistakes that the protocol prevents: whatever has no answer is sent again, as something new."""
    send = delivery._send

    def send_anew(workspace: Any, ledger: Any, sink: Any, message: Any) -> Any:
        payload, key = delivery.read_payload(workspace, message), uuid4().hex
        if message.kind == "case.open":
            case = delivery.Case.model_validate_json(payload)
            return sink.submit(case.model_copy(update={"case_ref": f"{case.case_ref}-{key[:6]}"}), key=key)
        return send(workspace, ledger, sink, message)

    delivery._send = send_anew
    delivery.way_out = lambda *_args, **_named: "repeat"
    delivery.answered = lambda message, answer, promise, *, now: protocol.answered(
        message, "not_processed" if answer == "unclear" else answer, promise, now=now
    )


if __name__ == "__main__":
    main()
