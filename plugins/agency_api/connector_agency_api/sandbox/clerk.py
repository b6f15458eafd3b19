"""The agency's clerk for files: fetches what the creditor put down, files it, and puts the answers back.

It works through the agency's own API, so that a case that came as a file goes the way of every other.
"""

import json
from collections import Counter
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Protocol

Json = dict[str, Any]
FOLDERS = ("to-agency", "from-agency", "archive")


class Call(Protocol):
    """One call of the agency's API: status and JSON body."""

    def __call__(
        self,
        method: str,
        path: str,
        *,
        key: str = "",
        body: Json | None = None,
        params: Mapping[str, str] | None = None,
    ) -> tuple[int, Json]: ...


class Clerk:
    """Works two folders under `root`, which it makes; what it fetched goes into `archive`. Not safe for threads."""

    def __init__(self, root: Path, call: Call) -> None:
        self._call = call
        self._inbox, self._outbox, self._archive = (root / name for name in FOLDERS)
        for folder in (self._inbox, self._outbox, self._archive):
            folder.mkdir(parents=True, exist_ok=True)
        self._cursors: dict[str, str] = {}
        self._numbers: Counter[str] = Counter()

    def round(self) -> int:
        """Work through the folder once; returns how many files were fetched."""
        fetched = sum(self._work(path) for path in self._waiting())
        self.tell_events()
        self.tell_payouts()
        return fetched

    def tell_events(self) -> None:
        """What happened since the last time, as a file of lines."""
        lines = [json.dumps(event) for event in self._since("changes", "events")]
        if lines:
            self._put(self._name("events", "jsonl"), "\n".join(lines) + "\n")

    def tell_payouts(self) -> None:
        """Pay-outs since the last time."""
        paid = list(self._since("remittances", "remittances"))
        if paid:
            self._put(self._name("remittance", "json"), json.dumps({"remittances": paid}, indent=1))

    def tell_status(self) -> None:
        """How every case stands: what a real agency does at night."""
        cases = list(self._pages("cases", "cases"))
        as_of = self._now()
        self._put(self._name("status", "json"), json.dumps({"as_of": as_of, "cases": cases}, indent=1))

    def _waiting(self) -> list[Path]:
        """The finished files, in the order of their names: per case, the order in which they were sent."""
        return sorted(path for path in self._inbox.iterdir() if path.suffix == ".json")

    def _work(self, path: Path) -> bool:
        message = json.loads(path.read_text(encoding="utf-8"))
        status, answer = self._call("POST", message["path"], key=message["key"], body=message["body"])
        if status >= 500 or status in (404, 429) or answer.get("code") == "in_progress":
            return False
        path.rename(self._archive / path.name)
        receipt = {"key": message["key"], "case_ref": message["case_ref"], "at": self._now()} | _outcome(status, answer)
        self._put(f"{path.stem}.receipt.json", json.dumps(receipt, indent=1))
        return True

    def _since(self, path: str, name: str) -> Iterator[Json]:
        yield from self._pages(path, name, remember=True)

    def _pages(self, path: str, name: str, *, remember: bool = False) -> Iterator[Json]:
        cursor = self._cursors.get(path, "") if remember else ""
        more = True
        while more:
            status, page = self._call("GET", f"/v1/{path}", params={"cursor": cursor} if cursor else {})
            if status != 200:
                return
            yield from page[name]
            cursor, more = page["next_cursor"], page["has_more"]
            if remember:
                self._cursors[path] = cursor

    def _now(self) -> str:
        _, answer = self._call("GET", "/v1/ping")
        return str(answer["time"])

    def _name(self, kind: str, ending: str) -> str:
        """Names sort as they were written, also within a second."""
        self._numbers[kind] += 1
        stamp = "".join(letter for letter in self._now()[:19] if letter not in "-:")
        return f"{kind}_{stamp}Z_{self._numbers[kind]:04}.{ending}"

    def _put(self, name: str, text: str) -> None:
        part = self._outbox / f"{name}.part"
        part.write_text(text, encoding="utf-8")
        part.rename(self._outbox / name)


def _outcome(status: int, answer: Json) -> Json:
    if status < 300:
        reference = answer.get("agency_ref") or answer.get("reference") or ""
        return {"state": "received", "agency_ref": reference}
    where = f"{answer['field']}: " if answer.get("field") else ""
    return {"state": "rejected", "reasons": [f"{answer.get('code', status)}: {where}{answer.get('message', '')}"]}
