"""The agency as its HTTP surface sees it: one lock, one clock, keys before work, counters."""

import threading
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from connector_agency_api.sandbox.acts import perform
from connector_agency_api.sandbox.agenda import AgencyClock
from connector_agency_api.sandbox.bells import Bells, deliver
from connector_agency_api.sandbox.desk import Desk
from connector_agency_api.sandbox.faults import FaultPlan
from connector_agency_api.sandbox.keys import KeyStore, Operation, Stored, fingerprint
from connector_agency_api.sandbox.options import AgencyOptions
from connector_agency_api.sandbox.problem import Problem
from connector_agency_api.sandbox.scenarios import Casting, load_scenarios

Body = dict[str, Any]
Work = Callable[[Desk, datetime], Body]


@dataclass(frozen=True)
class Write:
    """A write that came in. `own_id` is the creditor's id of it; `value` its JSON body; `path` for faults."""

    operation: Operation
    case_ref: str
    key: str
    own_id: str
    value: Any
    path: str


@dataclass(frozen=True)
class Answer:
    """What a write is answered with."""

    body: Body
    replayed: bool


class Agency:
    """Everything behind the stand-in's HTTP surface. Every method may be called from any thread."""

    def __init__(self, options: AgencyOptions, clock: AgencyClock) -> None:
        self.options = options
        self.faults = FaultPlan()
        self._clock = clock
        self._lock = threading.RLock()
        self.reset()

    def reset(self) -> None:
        """Begin again: no cases, no keys, no rules, no faults, the clock where it stands."""
        with self._lock:
            self._clock.restart()
            self.faults.clear()
            self.counters: Counter[str] = Counter()
            self._keys = KeyStore()
            self._own: dict[tuple[Operation, str], Stored] = {}
            casting = Casting(load_scenarios(self.options.scenarios_file), self.options.scenario)
            self.desk = Desk(self.options, casting, perform, self._clock.now())
            self.bells = Bells(self.desk.feed)
            if self.options.webhook_url:
                payload, secret = self.options.webhook_payload, self.options.webhook_secret
                self.bells.subscribe(self.options.webhook_url, payload, secret)

    def look(self, operation: str, work: Work) -> Body:
        """Answer a read, after everything due up to now was done."""
        with self._lock:
            self.counters[operation] += 1
            return work(self.desk, self._work_due())

    def write(self, write: Write, work: Work) -> Answer:
        """Carry out a write once per key and once per own id. Raises Problem; then nothing was stored."""
        digest = fingerprint([write.path, write.value])
        with self._lock:
            self.counters[write.operation] += 1
            now = self._work_due()
            stored = self._begin(write, digest, now)
            if stored.answer is not None:
                self.counters["replayed"] += 1
                return Answer(stored.answer, replayed=True)
        slow = self.faults.take("POST", write.path, inner=True)
        if slow:
            time.sleep(self.options.hang_seconds if slow.seconds is None else slow.seconds)
        with self._lock:
            return self._carry_out(write, stored, work)

    def find(self, key: str) -> Stored | None:
        """What is stored under a key."""
        with self._lock:
            return self._keys.find(key, self._clock.now())

    def now(self) -> datetime:
        """The present instant here."""
        with self._lock:
            return self._clock.now()

    def tick(self) -> None:
        """Do what is due and ring the bells; called again and again by the stand-in's own thread."""
        with self._lock:
            now = self._work_due()
            rings = self.bells.due(now)
        for ring in rings:
            outcome = deliver(ring, now)
            with self._lock:
                self.bells.tried(ring, outcome, now)

    def _work_due(self) -> datetime:
        now = self._clock.now()
        self.desk.agenda.work(now)
        return now

    def _begin(self, write: Write, digest: str, now: datetime) -> Stored:
        try:
            return self._keys.begin(write.key, write.operation, write.case_ref, digest=digest, now=now)
        except Problem as problem:
            self.counters[problem.code] += 1
            raise

    def _carry_out(self, write: Write, stored: Stored, work: Work) -> Answer:
        try:
            earlier = self._own_id(write, stored)
            stored.answer = earlier if earlier is not None else work(self.desk, self._work_due())
        except Exception as error:
            self._keys.drop(write.key)
            if isinstance(error, Problem):
                self.counters[error.code] += 1
            raise
        self._own[write.operation, write.own_id] = stored
        if earlier is not None:
            self.counters["replayed"] += 1
        return Answer(stored.answer, replayed=earlier is not None)

    def _own_id(self, write: Write, stored: Stored) -> Body | None:
        # A case reference under another key is refused with the existing file, by the intake itself.
        known = self._own.get((write.operation, write.own_id))
        if known is None or write.operation == "case":
            return None
        if (known.digest, known.case_ref) != (stored.digest, write.case_ref):
            raise Problem("duplicate", "reference_exists", "This id was used for something else.")
        return known.answer
