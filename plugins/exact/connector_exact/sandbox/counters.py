"""How often what was called, for tests that count calls."""

from dataclasses import dataclass, field


@dataclass(slots=True)
class Tally:
    """Calls of one endpoint: all, those refused by a limit (429), those answered with another error."""

    calls: int = 0
    refused: int = 0
    errors: int = 0


@dataclass(slots=True)
class Counters:
    """Tallies by endpoint, plus their sum."""

    by_endpoint: dict[str, Tally] = field(default_factory=dict)

    def count(self, endpoint: str, status: int) -> None:
        tally = self.by_endpoint.setdefault(endpoint, Tally())
        tally.calls += 1
        tally.refused += status == 429
        tally.errors += status >= 400 and status != 429

    def reset(self) -> None:
        self.by_endpoint.clear()

    def report(self) -> dict[str, object]:
        """`calls`, `refused`, `errors` over all, and `endpoints` with the same three each."""
        tallies = self.by_endpoint.values()
        return {
            "calls": sum(tally.calls for tally in tallies),
            "refused": sum(tally.refused for tally in tallies),
            "errors": sum(tally.errors for tally in tallies),
            "endpoints": {
                name: {"calls": tally.calls, "refused": tally.refused, "errors": tally.errors}
                for name, tally in sorted(self.by_endpoint.items())
            },
        }
