"""The plot of a run: one panel per work, one bar per peer from fastest to slowest.

Run as ``python -P -m benchmarks.plot REPORT.json PLOT.svg``, so that it can live in an environment
of its own: matplotlib is the only thing here that is not in the standard library.
"""

# mypy: disable-error-code="import-not-found,import-untyped"

import json
import sys
from pathlib import Path
from typing import Any

OURS, OTHERS, FLOOR = "#d1495b", "#8d99ae", "#cbd2dc"

CLIP = 4.0
"""How many times slower than plain haulage a bar may be before it is cut and only its number says
the rest; one very slow peer would flatten all others."""


def draw(report: dict[str, Any], target: Path) -> None:
    """Draw the works of a report in JSON into ``target``; its suffix says the format."""
    import matplotlib as mpl  # noqa: PLC0415 - optional

    mpl.use("Agg")
    mpl.rcParams["svg.hashsalt"] = "haulage"
    from matplotlib import pyplot as plt  # noqa: PLC0415 - after the choice above

    works = [work for work in report["works"].values() if _measured(work)]
    rows = [len(_measured(work)) + 2 for work in works] or [1]
    figure, axes = plt.subplots(
        max(1, len(works)),
        figsize=(9, 0.3 * sum(rows) + 1),
        squeeze=False,
        gridspec_kw={"height_ratios": rows},
    )
    for axis, work in zip(axes[:, 0], works, strict=False):
        _panel(axis, work)
    if not works:
        axes[0, 0].set_title("nothing was measured")
    figure.tight_layout()
    figure.savefig(target, metadata={"Date": None} if target.suffix == ".svg" else None)


def _panel(axis: Any, work: dict[str, Any]) -> None:
    peers = _measured(work)
    names = list(peers)
    medians = [peers[name]["median"] for name in names]
    reference = peers.get("haulage", {}).get("median") or medians[0]
    limit = CLIP * max(reference, medians[0])
    low = [peers[name]["median"] - min(peers[name]["seconds"]) for name in names]
    high = [max(peers[name]["seconds"]) - peers[name]["median"] for name in names]
    lengths = [min(value, limit) for value in medians]
    axis.barh(names, lengths, xerr=[low, high], color=[_colour(name) for name in names])
    for row, value in enumerate(medians):
        cut = " →" if value > limit else ""
        axis.annotate(
            f"{value:.2f} s{cut}",
            (0, row),
            xytext=(4, 0),
            textcoords="offset points",
            va="center",
            fontsize=8,
        )
    axis.set_xlim(0, min(limit, 1.15 * max(medians)))
    axis.invert_yaxis()
    axis.set_title(work["title"], fontsize=10, loc="left")
    axis.set_xlabel("seconds, median of the rounds; whiskers from fastest to slowest", fontsize=8)
    axis.tick_params(labelsize=8)
    for side in ("top", "right"):
        axis.spines[side].set_visible(False)


def _measured(work: dict[str, Any]) -> dict[str, Any]:
    peers = [(name, peer) for name, peer in work["peers"].items() if peer["median"] is not None]
    return dict(sorted(peers, key=lambda entry: entry[1]["median"]))


def _colour(name: str) -> str:
    if name.startswith("haulage"):
        return OURS
    return FLOOR if "floor" in name else OTHERS


if __name__ == "__main__":
    draw(json.loads(Path(sys.argv[1]).read_text()), Path(sys.argv[2]))
