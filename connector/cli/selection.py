"""From what a person typed to the ledger, debtor, case, plan or task that is meant; or a sentence saying what is."""

import os
from pathlib import Path
from typing import TYPE_CHECKING

from connector.errors import ConfigError

if TYPE_CHECKING:
    from connector.config import Ledger, Settings
    from connector.flow.workspace import Workspace
    from connector.store.cases import CaseRow
    from connector.store.people import Task
    from connector.store.plans import Plan


def pick_ledger(settings: "Settings", name: str) -> "Ledger":
    """The ledger called `name`; the only one when `name` is empty. Raises ConfigError."""
    ledgers = settings.ledgers
    if name in ledgers:
        return ledgers[name]
    names = ", ".join(sorted(ledgers))
    if name:
        raise ConfigError(f"there is no ledger {name!r}.", mend=f"Known: {names or 'none'}.")
    if len(ledgers) == 1:
        return next(iter(ledgers.values()))
    if not ledgers:
        raise ConfigError("there is no ledger yet.", mend="Add a file to ledgers/; `incasso init` writes an example.")
    raise ConfigError("there is more than one ledger.", mend=f"Name one: {names}.")


def pick_ledgers(settings: "Settings", names: list[str]) -> list["Ledger"]:
    """The ledgers called so, all of them when none is named. Raises ConfigError."""
    if names:
        return [pick_ledger(settings, name) for name in names]
    if not settings.ledgers:
        return [pick_ledger(settings, "")]
    return list(settings.ledgers.values())


def is_file(text: str) -> bool:
    """Whether a policy is meant by its file, not by its name."""
    return text.endswith(".toml") or os.sep in text


def pick_policy(settings: "Settings", text: str) -> Path:
    """The file of the policy called `text`, or that `text` is the path of. Raises ConfigError."""
    if is_file(text):
        return Path(text).expanduser().resolve()
    if text in settings.policies:
        return settings.policies[text]
    known = ", ".join(sorted(settings.policies)) or "none"
    raise ConfigError(f'there is no policy "{text}".', mend=f"Known: {known}. A file ends in .toml.")


def pick_plan(workspace: "Workspace", number: int) -> tuple["Plan", "Ledger"]:
    """A plan by its number, which no two ledgers share, and its ledger. Raises ConfigError."""
    from connector.store import plans

    with workspace.store.read() as tx:
        plan = plans.read_plan(tx, number)
    if plan is None:
        raise ConfigError(f"there is no plan {number}.", mend="See: incasso plans")
    return plan, pick_ledger(workspace.settings, plan.ledger)


def pick_debtor(workspace: "Workspace", ledger: "Ledger", text: str) -> str:
    """The key of the debtor whose key or code is `text`, or whose name alone contains it. Raises ConfigError."""
    from connector.store import debtors

    with workspace.store.read() as tx:
        if debtors.facts(tx, ledger.name, [text]):
            return text
        found = debtors.find(tx, ledger.name, text)
    coded = [one for one in found if one.code == text]
    if len(coded or found) == 1:
        return (coded or found)[0].id
    if not found:
        raise ConfigError(f"ledger {ledger.name} has no debtor {text!r}.", mend="See: incasso debtor find TEXT")
    keys = ", ".join(f"{one.code or one.id} {one.name}".strip() for one in coded or found)
    raise ConfigError(
        f"{text!r} fits {len(coded or found)} debtors of ledger {ledger.name}.",
        mend=f"Name one by its code or key: {keys}",
    )


def pick_claims(
    workspace: "Workspace", ledger: str, debtor: str, named: list[str] | None
) -> tuple["Ledger", str, tuple[str, ...]]:
    """Ledger, debtor and the keys of the invoices named by number or key; none when none is named.

    Raises ConfigError, also for an invoice that is not open.
    """
    from connector.flow.letters import claims_named, present_account

    owner = pick_ledger(workspace.settings, ledger)
    key = pick_debtor(workspace, owner, debtor)
    if not named:
        return owner, key, ()
    return owner, key, tuple(one.claim for one in claims_named(present_account(workspace, owner, key), named))


def pick_case(workspace: "Workspace", case_ref: str) -> tuple["CaseRow", "Ledger"]:
    """A case by our reference, and its ledger. Raises ConfigError."""
    from connector.store import cases

    with workspace.store.read() as tx:
        row = cases.read_case(tx, case_ref)
    if row is None:
        raise ConfigError(f"there is no case {case_ref!r}.", mend="See: incasso case list")
    return row, pick_ledger(workspace.settings, row.ledger)


def pick_task(workspace: "Workspace", number: int) -> "Task":
    """An open task by its number. Raises ConfigError, also when it was done already."""
    from connector.store import people

    with workspace.store.read() as tx:
        found = next((one for one in people.tasks(tx) if one.id == number), None)
        done = found is None and any(one.id == number for one in people.tasks(tx, done=True))
    if found is None:
        said = f"task {number} was done already." if done else f"there is no task {number}."
        raise ConfigError(said, mend="See: incasso tasks")
    return found
