"""A few invented debtors and invoices, for somebody who starts the stand-in just to look around."""

from datetime import timedelta

from connector_exact.sandbox.bookkeeping import Books
from connector_exact.sandbox.clock import Clock
from connector_exact.sandbox.control_models import Load, NewAccount, NewContact, NewInvoice, Pay
from connector_exact.sandbox.settings import Settings
from connector_exact.sandbox.world import World, build_world

_DEBTORS = (
    ("1001", "Bakkerij De Vroege Vogel", "Utrecht", "info@vroegevogel.example"),
    ("1002", "Garage Van der Steen", "Zwolle", "administratie@vandersteen.example"),
    ("1003", "J. de Boer", "Gouda", "j.deboer@mail.example"),
)
_INVOICES = (("1001", 1, 75, "121.00"), ("1001", 2, 20, "60.50"), ("1002", 3, 130, "2420.00"), ("1003", 4, 95, "89.95"))


def start_world(settings: Settings, clock: Clock) -> World:
    """A world as the settings describe it, with the invented debtors when they ask for them."""
    world = build_world(settings, clock)
    if settings.demo:
        load_demo(world)
    return world


def load_demo(world: World) -> None:
    """Fill the first division."""
    division = next(iter(world.divisions.values()))
    today = division.clock.today
    accounts = tuple(
        NewAccount(
            code=code,
            name=name,
            address="Dorpsstraat 1",
            postcode="1234 AB",
            city=city,
            email=email,
            contact=NewContact(last_name=name),
        )
        for code, name, city, email in _DEBTORS
    )
    first = today.year * 10_000
    invoices = tuple(
        NewInvoice(account=code, number=first + number, date=today - timedelta(days=age), amount=amount, pdf=True)
        for code, number, age, amount in _INVOICES
    )
    payments = (Pay(invoice=first + 3, amount="420.00", date=today - timedelta(days=40)),)
    Books(division, world.toggles).load(Load(accounts=accounts, invoices=invoices, payments=payments))
