"""Visits of a ledger, each in a process of its own that may be killed at a named place.

    python visitor.py HOME

Reads an order a line ({"kill": place, "after": seconds, "naive": true} or {}), answers with a line: how the process
ended, which places it passed, how its verbs ended. The orders come to one process that has imported everything, so
that a visit costs no more than a fork.
"""

import json
import os
import signal
import sys
import time
from pathlib import Path
from typing import Any
from uuid import uuid4

from connector import failpoints
from connector.cli.demo.stage import SECRETS
from connector.flow import delivery, protocol
from connector.flow.workspace import open_workspace
from connector.log import configure
from connector.runtime.visit import visit


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

    if order.get("naive"):
        _be_naive()
    failpoints.arm(pass_by)
    code = 70
    try:
        with open_workspace(home, {**os.environ, **SECRETS}) as workspace:
            (ledger,) = workspace.settings.ledgers.values()
            turns = visit(workspace, ledger)
        failed = {turn.verb: turn.told for turn in turns if turn.error is not None}
        told.write_text(json.dumps({"places": places, "failed": failed}), encoding="utf-8")
        code = 1 if failed else 0
    except BaseException as error:
        told.write_text(json.dumps({"places": places, "failed": {"visit": repr(error)}}), encoding="utf-8")
    finally:
        os._exit(code)


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
