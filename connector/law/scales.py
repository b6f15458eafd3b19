"""A scale in bands applied to an amount, band by band."""

from connector.law.lines import Line
from connector.law.rounding import HALF_UP, percent_of
from connector.law.rows import Band, ScaleRow
from connector.model.money import Money


def cumulative(row: ScaleRow, amount_minor: int) -> list[Line]:
    """What every band gives on its own part of the amount, one line a band. Nothing for nothing."""
    return [
        _line(row, band, min(amount_minor, band.up_to_minor or amount_minor) - band.over_minor)
        for band in row.bands
        if amount_minor > band.over_minor
    ]


def single_band(row: ScaleRow, amount_minor: int) -> list[Line]:
    """What the one band gives in which the amount lies: its fixed part, and its percentage of the part above."""
    lines = []
    for band in row.bands:
        if band.over_minor < amount_minor <= (band.up_to_minor or amount_minor):
            lines.append(Line(what=f"{_place(band)}: fixed", amount_minor=band.fixed_minor, source=row.source))
            if band.percent:
                lines.append(_line(row, band, amount_minor - band.over_minor))
    return lines


def _line(row: ScaleRow, band: Band, part_minor: int) -> Line:
    return Line(
        what=f"{band.percent} % of the part {_place(band)}",
        amount_minor=percent_of(part_minor, band.percent),
        base_minor=part_minor,
        percent=band.percent,
        rounding=HALF_UP,
        source=row.source,
    )


def _place(band: Band) -> str:
    return f"over {_euro(band.over_minor)}" + (f" up to {_euro(band.up_to_minor)}" if band.up_to_minor else "")


def _euro(minor: int) -> str:
    return str(Money(minor=minor, currency="EUR"))
