"""The findings as pictures, SVG. Needs the extra ``bench`` (matplotlib)."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from bellwire.bench.results import Accept, Backlog, Findings, Throughput, UrgentRun
from bellwire.errors import Unavailable

if TYPE_CHECKING:
    from matplotlib.axes import Axes

OURS: Final = "#4f52b2"
OTHERS: Final = "#9aa0a6"
LIMIT: Final = "#c4314b"
STYLE: Final[Any] = {  # matplotlib types its keys one by one
    "svg.hashsalt": "bellwire",
    "font.family": "DejaVu Sans",
    "font.size": 10,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.titlelocation": "left",
    "axes.titlesize": 11,
}


def draw(findings: Findings, folder: Path) -> list[Path]:
    """One picture for each section that has something to show; returns the files.

    Raises:
        Unavailable: matplotlib is not installed.
    """
    drawn: list[Path] = []
    folder.mkdir(parents=True, exist_ok=True)
    if "throughput" in findings:
        drawn.append(_picture(folder / "bench-throughput.svg", findings["throughput"], throughput_bars, height=3.2))
    if "urgent" in findings:
        drawn.append(_picture(folder / "bench-urgent.svg", findings["urgent"], urgent_curves))
    if "queue" in findings:
        drawn.append(_picture(folder / "bench-queue.svg", findings["queue"], queue_bars, height=2.8))
    if "accept" in findings:
        drawn.append(_picture(folder / "bench-accept.svg", findings["accept"], accept_curves))
    return drawn


def _picture(path: Path, found: Any, paint: Callable[[Axes, Any], None], height: float = 3.6) -> Path:
    try:
        import matplotlib
    except ImportError as error:
        raise Unavailable("Pictures need matplotlib.", remedy="Install bellwire[bench].") from error
    matplotlib.use("agg")
    from matplotlib import pyplot

    with matplotlib.rc_context(STYLE):
        figure, axes = pyplot.subplots(figsize=(8, height), layout="constrained")
        paint(axes, found)
        figure.savefig(path, metadata={"Date": None})
        pyplot.close(figure)
    return path


def throughput_bars(axes: Axes, found: Throughput) -> None:
    """Messages a second, one bar each; the scale is linear, as bars demand."""
    standings = sorted(found["standings"], key=lambda row: row["rate"])
    colours = [OURS if row["name"].startswith("bellwire") else OTHERS for row in standings]
    bars = axes.barh([_short(row["label"]) for row in standings], [row["rate"] for row in standings], color=colours)
    axes.bar_label(bars, [f" {row['rate']:,.0f}" for row in standings])
    axes.set_xlim(right=max(row["rate"] for row in standings) * 1.12)
    axes.set_title("Messages a second on one core (median of interleaved laps)")


def urgent_curves(axes: Axes, found: list[UrgentRun]) -> None:
    """Which share of the urgent messages was on the wire after so many milliseconds."""
    for run, colour in zip(found, (OURS, OTHERS), strict=False):
        label = "bulk paced at 50/s" if run["paced"] else "bulk unthrottled"
        _share_curve(axes, run["latencies_ms"], f"{label}, {run['bulk']:,} queued", colour)
    axes.axvline(100, color=LIMIT, linestyle="--", linewidth=1, label="target at p99")
    axes.set_title("Urgent messages on the wire, ms after the call")
    axes.legend(frameon=False, loc="lower right")


def accept_curves(axes: Axes, found: Accept) -> None:
    """Which share of the messages was durably accepted after so many milliseconds."""
    for way, colour in zip(found["one"], (OURS, OTHERS), strict=False):
        _share_curve(axes, way["latencies_ms"], f"{way['callers']} at a time", colour)
    axes.axvline(8, color=LIMIT, linestyle=":", linewidth=1, label="target at p50")
    axes.axvline(50, color=LIMIT, linestyle="--", linewidth=1, label="target at p99")
    axes.set_title("Messages durably accepted over HTTP, ms after the request")
    axes.legend(frameon=False, loc="lower right")


def queue_bars(axes: Axes, found: list[Backlog]) -> None:
    """CPU per message at each level."""
    names = [f"{level['queued']:,} queued" for level in found]
    costs = [level["cpu_per_thousand"] for level in found]
    bars = axes.barh(names, costs, color=OURS)
    axes.bar_label(bars, [f" {level['cost_ratio']:.2f} times, {level['peak_mb']:.0f} MB" for level in found])
    axes.set_xlim(right=max(costs) * 1.35)
    axes.invert_yaxis()
    axes.set_title("CPU seconds for 1,000 messages")


def _share_curve(axes: Axes, values: Sequence[float], label: str, colour: str) -> None:
    from matplotlib.ticker import LogLocator, NullFormatter, ScalarFormatter

    ordered = sorted(values)
    shares = [(number + 1) / len(ordered) * 100 for number in range(len(ordered))]
    axes.step(ordered, shares, where="post", label=label, color=colour)
    axes.set_xscale("log")
    axes.xaxis.set_major_locator(LogLocator(subs=(1, 2, 5)))
    axes.xaxis.set_major_formatter(ScalarFormatter())
    axes.xaxis.set_minor_formatter(NullFormatter())
    axes.set_ylim(0, 100)
    axes.set_ylabel("% of messages")


def _short(label: str) -> str:
    return label.replace(", CloudAdapter.", "\nCloudAdapter.").replace(", App.", "\nApp.")
