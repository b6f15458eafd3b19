"""The hand-overs of a back-test by month, as an SVG: a bar a policy, its needless part darker."""

from collections.abc import Iterator
from html import escape
from pathlib import Path
from typing import TYPE_CHECKING

from connector.errors import ConfigError

if TYPE_CHECKING:
    from connector.flow.backtest import BackTest
    from connector.insight.figures import Figures

# Light for all hand-overs, dark for the needless ones; after the last pair the first comes again.
_COLOURS = (("#9fc3d0", "#1f4e5f"), ("#ecc9a0", "#a85c14"), ("#c3d6ae", "#4d7426"), ("#d8bfdd", "#6d3a78"))
_INK, _FAINT, _LINE, _PAPER = "#22313a", "#5a6870", "#d9d4c7", "#fbfaf7"
_LEFT, _TOP, _HEIGHT, _BAR, _GAP = 56, 64, 240, 22, 22
_RULES = 4
# No letter of the two sizes is wider on average: nothing runs off the edge.
_LETTER, _LETTER_LARGE = 7, 9


def write_chart(path: Path, found: "BackTest") -> None:
    """Write the chart, whole or not at all. Raises ConfigError when the file cannot be written."""
    beside = path.with_name(f"{path.name}.new")
    try:
        beside.write_text(draw_chart(found), encoding="utf-8")
        beside.replace(path)
    except OSError as error:
        raise ConfigError(
            f"the chart cannot be written to {path}.", mend="Name another file.", detail=str(error)
        ) from error


def draw_chart(found: "BackTest") -> str:
    """The chart as SVG text, with a title and a description for who cannot see it."""
    figures = [one.figures for one in found.tried]
    months = [month.month for month in figures[0].months]
    most = max((month.files for one in figures for month in one.months), default=0)
    step = max(1, -(-most // _RULES))
    group = _BAR * len(figures) + _GAP
    keys = [_key_text(one, found.assumptions.within[0]) for one in figures]
    widest_text = max(_LETTER_LARGE * len(_title(found)), *(34 + _LETTER * len(text) for text in keys))
    width = _LEFT + max(group * len(months), widest_text) + 24
    height = _TOP + _HEIGHT + 34 + 20 * len(figures)
    scale = _HEIGHT / (step * _RULES)
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" role="img"',
        'aria-labelledby="title desc">',
        f'<title id="title">{escape(_title(found))}</title>',
        f'<desc id="desc">{escape(_description(figures))}</desc>',
        f'<rect x="1" y="1" width="{width - 2}" height="{height - 2}" rx="14" fill="{_PAPER}" stroke="{_LINE}"/>',
        f'<g font-family="Helvetica, Arial, sans-serif" font-size="12" fill="{_FAINT}">',
        f'<text x="{_LEFT}" y="34" font-size="16" font-weight="bold" fill="{_INK}">{escape(_title(found))}</text>',
        *_rules(step, scale, width),
        *(_month(place, name, group) for place, name in enumerate(months)),
        *(bar for place, one in enumerate(figures) for bar in _bars(place, one, group, scale)),
        *(_key(place, text) for place, text in enumerate(keys)),
        "</g></svg>",
    ]
    return "\n".join(parts) + "\n"


def _title(found: "BackTest") -> str:
    return f"Hand-overs by month, {found.ledger}, {found.period.first} to {found.period.last}"


def _description(figures: "list[Figures]") -> str:
    told = (
        f"{one.policy}: "
        + ", ".join(f"{month.month} {month.files} of which {month.needless} needless" for month in one.months)
        for one in figures
    )
    return "; ".join(told) + "."


def _rules(step: int, scale: float, width: int) -> Iterator[str]:
    for place in range(_RULES + 1):
        y = _TOP + _HEIGHT - place * step * scale
        yield f'<line x1="{_LEFT}" y1="{y:.1f}" x2="{width - 20}" y2="{y:.1f}" stroke="{_LINE}"/>'
        yield f'<text x="{_LEFT - 8}" y="{y + 4:.1f}" text-anchor="end">{place * step:,}</text>'


def _month(place: int, name: str, group: int) -> str:
    middle = _LEFT + place * group + group / 2
    return f'<text x="{middle:.1f}" y="{_TOP + _HEIGHT + 18}" text-anchor="middle">{name}</text>'


def _bars(place: int, one: "Figures", group: int, scale: float) -> Iterator[str]:
    for number, month in enumerate(one.months):
        x = _LEFT + number * group + _GAP / 2 + place * _BAR
        for count, colour in zip((month.files, month.needless), _COLOURS[place % len(_COLOURS)], strict=True):
            if count:
                y = _TOP + _HEIGHT - count * scale
                yield (
                    f'<rect x="{x:.1f}" y="{y:.1f}" width="{_BAR - 3}" height="{count * scale:.1f}" fill="{colour}"/>'
                )


def _key_text(one: "Figures", days: int) -> str:
    return f"{one.policy}: handed over, and of those all paid by themselves within {days} days"


def _key(place: int, text: str) -> str:
    y = _TOP + _HEIGHT + 44 + 20 * place
    light, dark = _COLOURS[place % len(_COLOURS)]
    return (
        f'<rect x="{_LEFT}" y="{y - 10}" width="12" height="12" fill="{light}"/>'
        f'<rect x="{_LEFT + 14}" y="{y - 10}" width="12" height="12" fill="{dark}"/>'
        f'<text x="{_LEFT + 34}" y="{y}">{escape(text)}</text>'
    )
