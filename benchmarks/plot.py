"""Draw throughput against accounts and memory against records: `python -m benchmarks.plot docs`; needs matplotlib."""

import sys
from pathlib import Path
from statistics import median

import matplotlib

matplotlib.use("Agg")
import matplotlib.pyplot as plt

from benchmarks import scale
from benchmarks.server import serving

ROUNDS = range(3)
"""Fresh processes per point; the median is drawn."""
COLOUR = "#2a6f97"


def draw(
    path: Path, x: tuple[int, ...], y: list[float], *, xlabel: str, ylabel: str, title: str, top: float, digits: int
) -> None:
    figure, axes = plt.subplots(figsize=(6.4, 3.6), layout="constrained")
    axes.plot(x, y, marker="o", color=COLOUR, linewidth=2)
    for at, value in zip(x, y, strict=True):
        axes.annotate(
            f"{value:,.{digits}f}", (at, value), textcoords="offset points", xytext=(0, 8), ha="center", fontsize=9
        )
    axes.set_xscale("log")
    axes.set_xticks(x, [f"{value:,}" for value in x])
    axes.minorticks_off()
    axes.margins(x=0.08)
    axes.set_ylim(0, max(top, *(1.25 * value for value in y)))
    axes.set_xlabel(xlabel)
    axes.set_ylabel(ylabel)
    axes.set_title(title, loc="left", fontsize=11)
    axes.yaxis.set_major_formatter(lambda value, _: f"{value:,.0f}")
    axes.grid(axis="y", color="#dddddd", linewidth=0.8)
    axes.spines[["top", "right"]].set_visible(False)
    figure.savefig(path, dpi=150)
    plt.close(figure)


def main(folder: Path) -> None:
    with serving(scale.BODY) as url:
        costs = [median(scale.measured(url, number, scale.PAGES)[0] for _ in ROUNDS) for number in scale.ACCOUNTS]
        growths = [median(scale.measured(url, 1, number // 100)[1] for _ in ROUNDS) for number in scale.RECORDS]
    draw(
        folder / "throughput.png",
        scale.ACCOUNTS,
        [1 / cost for cost in costs],
        xlabel="accounts",
        ylabel="messages per CPU second",
        title="Typed messages of 4.2 KB, read through one client",
        top=0,
        digits=0,
    )
    draw(
        folder / "memory.png",
        scale.RECORDS,
        growths,
        xlabel="messages in the mailbox",
        ylabel="growth of memory, MiB",
        title="Reading one mailbox to its end",
        # A flat line is to look flat.
        top=10,
        digits=1,
    )


if __name__ == "__main__":
    main(Path(sys.argv[1] if len(sys.argv) > 1 else "docs"))
