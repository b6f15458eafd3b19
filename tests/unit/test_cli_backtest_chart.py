"""The chart of a back-test: bars as high as their counts, within the paper, and readable as XML whatever the names."""

import xml.etree.ElementTree as ElementTree
from datetime import date

import pytest

from connector.cli.backtest_chart import draw_chart
from connector.flow.backtest import BackTest, Known, Tried
from connector.insight.delinquency import Delinquency
from connector.insight.figures import Assumptions, Tally
from connector.insight.outcome import Outcome
from connector.insight.replay import Climb, File, Period

PERIOD = Period(date(2026, 1, 1), date(2026, 3, 31))
SVG = "{http://www.w3.org/2000/svg}"


def outcome(day: date, paid_after: int | None) -> Outcome:
    file = File("d1", day, (), 10_000, "EUR")
    return Outcome(file, "open" if paid_after is None else "paid", paid_after, (), 0, 90)


def tried(name: str, *outcomes: Outcome) -> Tried:
    tally = Tally(name, "1", "EUR")
    tally.add(Climb(), outcomes, Delinquency())
    return Tried(tally.figures(PERIOD, Assumptions()), list(outcomes))


def drawn(*policies: Tried) -> ElementTree.Element:
    found = BackTest("acme", PERIOD, Known(PERIOD.first, PERIOD.last), Assumptions(), tried=list(policies))
    return ElementTree.fromstring(draw_chart(found))


def bars(root: ElementTree.Element) -> list[tuple[str, float]]:
    """Colour and height of every bar; those of the key are 12 high."""
    found = [(one.get("fill", ""), float(one.get("height", "0"))) for one in root.iter(f"{SVG}rect")]
    return [one for one in found[1:] if one[1] != 12]


JANUARY, MARCH = date(2026, 1, 9), date(2026, 3, 9)
MANY = tried("many", *[outcome(JANUARY, 3)] * 2, *[outcome(JANUARY, 31)] * 5, outcome(MARCH, None))


def test_a_bar_is_as_high_as_its_count() -> None:
    # Eight is the top of 240: seven in January, two of them needless, and one in March.
    assert bars(drawn(MANY)) == [("#9fc3d0", 210.0), ("#1f4e5f", 60.0), ("#9fc3d0", 30.0)]


def test_the_figures_stand_in_the_description() -> None:
    told = drawn(MANY, tried("none")).findtext(f"{SVG}desc")
    assert told is not None
    assert told.startswith("many: 2026-01 7 of which 2 needless, 2026-02 0 of which 0 needless, 2026-03 1 of which 0")
    assert "none: 2026-01 0 of which 0 needless" in told


@pytest.mark.parametrize("name", ["a", "drafts/<new> & better.toml", "x" * 120])
def test_nothing_runs_off_the_paper(name: str) -> None:
    root = drawn(tried(name, outcome(JANUARY, 3)))
    width, height = (float(part) for part in root.get("viewBox", "").split()[2:])
    for text in root.iter(f"{SVG}text"):
        assert text.text
        start = float(text.get("x", "0")) - (30 if text.get("text-anchor") else 0)
        assert start > 0
        assert start + 6.5 * len(text.text) < width
        assert float(text.get("y", "0")) < height
    assert any(name in (text.text or "") for text in root.iter(f"{SVG}text"))
