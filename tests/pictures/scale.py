"""What messages cost, from one tenant to a thousand: the model of docs/scale.md, and its picture."""

from __future__ import annotations

from math import log10
from typing import Final

WORKER: Final = 0.27e-3
"""Seconds of CPU for each message, accepted and sent (docs/benchmarks.md, section 1)."""

POSTGRESQL: Final = 0.39e-3
"""Seconds of the server's CPU for each message, measured on a million rows."""

WAL: Final = 5_490
"""Bytes of write-ahead log for each message, without images of full pages."""

ROW: Final = 1_150
"""Bytes on disk for each delivery that is kept, its attempt, message and indexes included."""

FULL_RATE: Final = 50
"""Messages a second that Teams takes from one bot in one tenant (platform reference §6)."""

TENANTS: Final = (1, 10, 100, 1_000)
PLACES: Final = {"workers": WORKER, "PostgreSQL": POSTGRESQL}
COLOURS: Final = {"workers": "#4f52b2", "PostgreSQL": "#c4314b"}
LEFT, TOP, WIDE, HIGH = 70, 30, 520, 240


def row(tenants: int) -> str:
    """One row of the page's table: what so many tenants at full rate need."""
    rate = tenants * FULL_RATE
    return (
        f"| {tenants:,} | {rate:,} | {rate * WORKER:.2g} | {rate * POSTGRESQL:.2g} | {rate * WAL / 1e6:,.1f} "
        f"| {rate * 86_400 * ROW / 1e9:,.0f} |"
    )


def _place(rate: float, cores: float) -> tuple[float, float]:
    return LEFT + WIDE * (log10(rate) - 1) / 4, TOP + HIGH * (2 - log10(cores)) / 4


def picture() -> str:
    """Cores over messages a second, both axes logarithmic, as SVG."""
    parts = [
        '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 720 330" font-family="sans-serif" font-size="12">',
        '<rect width="720" height="330" fill="white"/>',
        '<text x="12" y="18">cores at work</text><text x="480" y="320">messages a second</text>',
    ]
    for power in range(5):
        x, y = _place(10 ** (power + 1), 10 ** (power - 2))
        parts.append(f'<path d="M{x:.0f} {TOP}V{TOP + HIGH}M{LEFT} {y:.0f}H{LEFT + WIDE}" stroke="#ddd"/>')
        parts.append(f'<text x="{x:.0f}" y="{TOP + HIGH + 18}" text-anchor="middle">{10 ** (power + 1):,}</text>')
        parts.append(f'<text x="{LEFT - 8}" y="{y + 4:.0f}" text-anchor="end">{10.0 ** (power - 2):g}</text>')
    for name, cost in PLACES.items():
        (x1, y1), (x2, y2) = (_place(rate, rate * cost) for rate in (40, 1e5))
        parts.append(f'<path d="M{x1:.0f} {y1:.0f}L{x2:.0f} {y2:.0f}" stroke="{COLOURS[name]}" stroke-width="2"/>')
        side = y2 - 6 if name == "PostgreSQL" else y2 + 18
        parts.append(f'<text x="{x2 + 8:.0f}" y="{side:.0f}" fill="{COLOURS[name]}">{name}</text>')
    for tenants in TENANTS:
        x, y = _place(tenants * FULL_RATE, tenants * FULL_RATE * POSTGRESQL)
        parts.append(f'<circle cx="{x:.0f}" cy="{y:.0f}" r="4" fill="{COLOURS["PostgreSQL"]}"/>')
        parts.append(
            f'<text x="{x - 6:.0f}" y="{y - 8:.0f}" text-anchor="end">{tenants:,} tenant{"s" * (tenants > 1)}</text>'
        )
    return "\n".join([*parts, "</svg>", ""])
