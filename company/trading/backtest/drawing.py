"""Line charts as inline SVG: no script, no font, nothing that is loaded from elsewhere."""

from collections.abc import Sequence
from dataclasses import dataclass
from html import escape
from typing import Literal

WIDTH = 960
_HEIGHT, _LEFT, _RIGHT, _TOP, _BOTTOM = 220, 84, 12, 12, 22

Point = tuple[float, float]  # when, in epoch seconds, and a value


@dataclass(frozen=True, slots=True)
class Marker:
    """A trade on a chart of prices; `title` is what the pointer shows."""

    at: float
    value: float
    kind: Literal["buy", "sell"]
    title: str


class Chart:
    """One line over time.

    Args:
        label: What it shows, for readers who do not see it.
        points: The line, rising in time, at least one.
        dates: What to write at its beginning and its end.
        filled: Shade the area between the line and the top: for falls.
        markers: Trades on the line.
    """

    def __init__(
        self,
        label: str,
        points: Sequence[Point],
        *,
        dates: tuple[str, str],
        filled: bool = False,
        markers: Sequence[Marker] = (),
    ) -> None:
        self._label, self._points, self._dates = label, points, dates
        self._filled, self._markers = filled, markers
        values = [value for _, value in points] + [marker.value for marker in markers]
        self._low, self._high = min(values), max(values)
        self._first, self._last = points[0][0], points[-1][0]

    def svg(self) -> str:
        """Return the drawing."""
        return "\n".join(
            [
                f'<svg viewBox="0 0 {WIDTH} {_HEIGHT}" role="img" aria-label="{escape(self._label, quote=True)}">',
                *self._grid(),
                f'<path class="{"area" if self._filled else "line"}" d="{self._path()}"/>',
                *(self._marker(marker) for marker in self._markers),
                "</svg>",
            ]
        )

    def _x(self, at: float) -> float:
        wide = WIDTH - _LEFT - _RIGHT
        return _LEFT + (wide * (at - self._first) / (self._last - self._first) if self._last > self._first else 0.0)

    def _y(self, value: float) -> float:
        high = _HEIGHT - _TOP - _BOTTOM
        share = (value - self._low) / (self._high - self._low) if self._high > self._low else 0.5
        return _TOP + high * (1 - share)

    def _path(self) -> str:
        line = "L".join(f"{self._x(at):.1f} {self._y(value):.1f}" for at, value in self._points)
        if not self._filled:
            return f"M{line}"
        return f"M{self._x(self._first):.1f} {_TOP}L{line}L{self._x(self._last):.1f} {_TOP}Z"

    def _grid(self) -> list[str]:
        rows = []
        for step in range(5):
            value = self._low + (self._high - self._low) * step / 4
            y = self._y(value) if self._high > self._low else _TOP + (_HEIGHT - _TOP - _BOTTOM) * (1 - step / 4)
            rows.append(f'<path class="grid" d="M{_LEFT} {y:.1f}H{WIDTH - _RIGHT}"/>')
            if self._high > self._low or step == 2:
                rows.append(f'<text x="{_LEFT - 8}" y="{y + 4:.1f}" text-anchor="end">{_short(value)}</text>')
        begin, end = (escape(text) for text in self._dates)
        rows.append(f'<text x="{_LEFT}" y="{_HEIGHT - 5}">{begin}</text>')
        rows.append(f'<text x="{WIDTH - _RIGHT}" y="{_HEIGHT - 5}" text-anchor="end">{end}</text>')
        return rows

    def _marker(self, marker: Marker) -> str:
        x, y = self._x(marker.at), self._y(marker.value)
        tip, base = (y + 2, y + 9) if marker.kind == "buy" else (y - 2, y - 9)
        shape = f"M{x:.1f} {tip:.1f}L{x - 4:.1f} {base:.1f}H{x + 4:.1f}Z"
        return f'<path class="{marker.kind}" d="{shape}"><title>{escape(marker.title)}</title></path>'


def _short(value: float) -> str:
    """Return a value of an axis: whole above 1,000, else with the digits that tell it apart."""
    return f"{value:,.0f}" if abs(value) >= 1000 else f"{value:.4g}"
