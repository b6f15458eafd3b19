"""Debtors as people know them: by the code of the accounting package where there is one, else by the key."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from connector.flow.runs import Remark, Report
    from connector.flow.workspace import Workspace
    from connector.store.debtors import DebtorFacts

_AT_ONCE = 500


class Names:
    """What is known of some debtors of one ledger, for printing. A debtor the source never sent goes by its key."""

    def __init__(self, workspace: "Workspace", ledger: str, keys: Iterable[str]) -> None:
        from connector.store import debtors

        wanted = sorted({key for key in keys if key})
        self._known: dict[str, DebtorFacts] = {}
        with workspace.store.read() as tx:
            for start in range(0, len(wanted), _AT_ONCE):
                self._known.update(debtors.facts(tx, ledger, wanted[start : start + _AT_ONCE]))

    def code(self, key: str) -> str:
        """The code alone; empty where there is none."""
        return self._known[key].code if key in self._known else ""

    def short(self, key: str) -> str:
        """The code, else the key."""
        return self.code(key) or key

    def name(self, key: str) -> str:
        """The name; empty where it is not known."""
        return self._known[key].name if key in self._known else ""

    def full(self, key: str) -> str:
        """Code or key with the name: `1001 Café Het Anker`."""
        return f"{self.short(key)} {self.name(key)}".strip()

    def tell(self, remark: "Remark") -> str:
        """A remark as a sentence: `1001 Café Het Anker: handed over as acme-7KQ2M9XT`."""
        return f"{self.full(remark.debtor_id)}: {remark.text}" if remark.debtor_id else remark.text

    def coded(self, record: Any) -> dict[str, Any]:
        """The fields of a record with a `debtor_id`, and the code beside it, for machines."""
        fields = dict(vars(record))
        return {**fields, "debtor_code": self.code(fields["debtor_id"])}


@dataclass(frozen=True)
class Named:
    """A debtor as a table and as JSON names it."""

    debtor_id: str
    debtor_code: str
    full: str


NOBODY = Named("", "", "-")


def debtors_of_cases(workspace: "Workspace", case_refs: Iterable[str]) -> dict[str, Named]:
    """The debtor of each of these cases, of whichever ledger; what names no case of ours is left out."""
    from connector.store import cases

    with workspace.store.read() as tx:
        rows = [row for case_ref in sorted(set(case_refs)) if (row := cases.read_case(tx, case_ref))]
    found: dict[str, Named] = {}
    for ledger in {row.ledger for row in rows}:
        own = [row for row in rows if row.ledger == ledger]
        names = Names(workspace, ledger, (row.debtor_id for row in own))
        found |= {
            row.case_ref: Named(row.debtor_id, names.code(row.debtor_id), names.full(row.debtor_id)) for row in own
        }
    return found


def names_in(workspace: "Workspace", report: "Report") -> Names:
    """The debtors a report speaks of."""
    return Names(workspace, report.ledger, (one.debtor_id for one in report.remarks))


def report_facts(names: Names, report: "Report") -> dict[str, Any]:
    """A report for machines: keys and codes."""
    return {**vars(report), "remarks": [names.coded(one) for one in report.remarks]}
