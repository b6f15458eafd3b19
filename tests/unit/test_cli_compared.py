"""Both sides of a claim in words."""

from connector.cli.compared import sides, summary
from connector.flow.compare import Comparison

AGREES = Comparison("c", "1", "EUR", 10_000, 4_000, 6_000)
DIFFERS = Comparison("c", "2", "EUR", 10_000, 0, 6_000)
LOST = Comparison("c", "3", "EUR", 10_000, 0, None, standing="unknown_there")
STRANGE = Comparison("c", "x-9", "EUR", 0, 0, 700, standing="unknown_here", live=False)


def test_amounts_stand_where_there_are_amounts() -> None:
    assert sides(AGREES) == ["EUR 100.00", "EUR 40.00", "EUR 60.00", "EUR 0.00"]
    assert sides(LOST) == ["EUR 100.00", "EUR 0.00", "not known there", "-"]
    assert sides(STRANGE) == ["not handed over", "-", "EUR 7.00", "EUR -7.00"]


def test_what_one_side_does_not_know_is_counted_by_itself() -> None:
    assert summary([AGREES, AGREES, AGREES]) == "3 claims compared, 0 differ."
    assert summary([AGREES, DIFFERS]) == "2 claims compared, 1 differ."
    assert summary([AGREES, DIFFERS, LOST, LOST, STRANGE]) == (
        "5 claims compared, 4 differ, 2 the agency does not know, 1 only the agency has."
    )
