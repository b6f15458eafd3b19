"""Everything the stand-in keeps: divisions, apps, limits, faults, rights, counters."""

from collections.abc import Callable
from dataclasses import dataclass, field

from connector_exact.sandbox.clock import Clock
from connector_exact.sandbox.counters import Counters
from connector_exact.sandbox.division import Change, Division
from connector_exact.sandbox.faults import Faults
from connector_exact.sandbox.limits import Limiter
from connector_exact.sandbox.master_data import fill_master_data
from connector_exact.sandbox.oauth import App, TokenDesk
from connector_exact.sandbox.refusal import Refusal
from connector_exact.sandbox.settings import DivisionSettings, Settings
from connector_exact.sandbox.toggles import Toggles


@dataclass(slots=True)
class World:
    """The state of one country instance. One event loop works on it, so nothing is locked."""

    settings: Settings
    clock: Clock
    toggles: Toggles
    desk: TokenDesk
    limiter: Limiter
    faults: Faults
    counters: Counters = field(default_factory=Counters)
    divisions: dict[int, Division] = field(default_factory=dict)
    denied: dict[str, set[str]] = field(default_factory=dict)
    announce: Callable[[Change], None] = lambda change: None

    def open_division(self, wanted: DivisionSettings, *, description: str = "") -> Division:
        """A new division with its master data. Raises Refusal (409) for a code that is taken."""
        if wanted.code in self.divisions:
            raise Refusal(409, f"Division {wanted.code} exists")
        division = Division(
            code=wanted.code,
            country=wanted.country,
            currency=wanted.currency,
            clock=self.clock,
            seed=self.settings.seed,
            description=description,
        )
        fill_master_data(division)
        division.announce = self._pass_on
        self.divisions[wanted.code] = division
        return division

    def _pass_on(self, change: Change) -> None:
        # Divisions are opened before the webhook carrier is there: look it up at the time of the change.
        self.announce(change)

    def division(self, code: int) -> Division:
        """A division by its code. Raises Refusal (404)."""
        if code not in self.divisions:
            raise Refusal(404, f"There is no division {code}")
        return self.divisions[code]

    def switch(self, toggles: Toggles) -> None:
        """Put new toggles in force everywhere."""
        self.toggles = self.desk.toggles = self.limiter.toggles = self.faults.toggles = toggles

    def granted_by_default(self) -> frozenset[int]:
        """The divisions a user grants unless the consent page says otherwise."""
        return frozenset(self.settings.consent or self.divisions)


def build_world(settings: Settings, clock: Clock) -> World:
    """A world as the settings describe it."""
    registered = settings.app
    app = App(
        client_id=registered.client_id,
        client_secret=registered.client_secret,
        redirect_uri=registered.redirect_uri,
        webhook_secret=registered.webhook_secret,
    )
    toggles = settings.toggles
    world = World(
        settings=settings,
        clock=clock,
        toggles=toggles,
        desk=TokenDesk(region=settings.region, clock=clock, apps={app.client_id: app}, toggles=toggles),
        limiter=Limiter(clock=clock, toggles=toggles),
        faults=Faults(toggles=toggles),
    )
    for wanted in settings.divisions:
        world.open_division(wanted)
    return world
