"""`incasso case withdraw`, `incasso case keep`: asking a case back, its cost first; and what the agency made of it."""

from typing import TYPE_CHECKING, Annotated

import typer

from connector.cli.failures import ExitCode
from connector.cli.invocation import Invocation
from connector.cli.options import CaseArgument
from connector.cli.selection import pick_case
from connector.errors import ConfigError

if TYPE_CHECKING:
    from connector.model import Money


def withdraw(
    context: typer.Context,
    case: CaseArgument,
    reason: Annotated[str, typer.Option("--reason", help="Why, in words; the agency reads it.")],
    yes: Annotated[bool, typer.Option("--yes", help="Ask it back at the cost that is shown.")] = False,
    fee: Annotated[
        str, typer.Option("--fee", metavar="AMOUNT", help="The most that you agree to pay for it, such as 45.00.")
    ] = "",
) -> None:
    """Show what asking a case back costs; with --yes or --fee ask it back.

    It stays at the agency, and its claims with it, until the agency has confirmed.
    """
    from connector.cli.output import print_line
    from connector.flow import withdrawing

    invocation: Invocation = context.obj
    with invocation.workspace() as workspace:
        row, owner = pick_case(workspace, case)
        offered = _amount(fee, row.currency)
        cost = withdrawing.cost(workspace, owner, case)
        print_line(_told(cost))
        if not yes and offered is None:
            print_line("Nothing was sent. To ask it back: the same with --yes, or with --fee AMOUNT.")
            raise typer.Exit(ExitCode.PERSON)
        agreed = _agreed(cost, offered)
        withdrawing.withdraw(workspace, owner, case, reason=reason, fee_ack=agreed, actor=invocation.actor)
    print_line(f"Asked back. It goes out with: incasso follow {owner.name}")


def _told(cost: "Money | None") -> str:
    if cost is None:
        return "The agency does not say what asking this case back costs."
    return f"Asking this case back costs {cost}, without VAT." if cost.minor else "Asking this case back costs nothing."


def _agreed(cost: "Money | None", offered: "Money | None") -> "Money | None":
    """The fee to agree to; None where there is none. Raises ConfigError when it costs more than was offered."""
    if cost is None:
        return offered
    if offered is not None and offered < cost:
        raise ConfigError(f"it costs {cost}, and {offered} was agreed to.", mend=f"Agree to it: --fee {cost.decimal}")
    return cost if cost.minor else None


def _amount(text: str, currency: str) -> "Money | None":
    from connector.model import Money

    if not text:
        return None
    try:
        agreed = Money.of(text, currency)
    except ValueError as error:
        raise ConfigError(f"--fee: {error}.", mend="Write an amount as 45.00, without the currency.") from error
    if agreed.minor <= 0:
        raise ConfigError("--fee: a fee is more than nothing.", mend="Leave it out where there is none.")
    return agreed


def keep(
    context: typer.Context,
    case: CaseArgument,
    reason: Annotated[str, typer.Option("--reason", help="What the agency said.")],
) -> None:
    """The agency does not give a case back that was asked back: it runs on. For one that says so in words only."""
    from connector.cli.output import print_line
    from connector.flow import withdrawing

    invocation: Invocation = context.obj
    with invocation.workspace() as workspace:
        _, owner = pick_case(workspace, case)
        withdrawing.keep(workspace, owner, case, reason=reason, actor=invocation.actor)
    print_line("The case runs on at the agency.")
