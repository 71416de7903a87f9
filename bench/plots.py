"""Draws the benchmarks' results as pictures for the documents, on a white card, without a library.

python -m bench.plots
"""

import json
import math
from collections.abc import Mapping
from html import escape
from typing import Any

from bench.record import RESULTS

PICTURES = RESULTS.parent.parent / "docs" / "pictures"
COLOURS = ("#c2410c", "#1d4ed8", "#047857", "#7e22ce", "#475569", "#a16207", "#0e7490", "#be185d")
WIDTH, HEIGHT = 900, 460
LEFT, RIGHT, TOP, BOTTOM = 84, 580, 76, 400
APART = 17  # between two labels
Series = Mapping[str, Mapping[float, float]]  # by name, y by x
Groups = Mapping[str, Mapping[str, float]]  # by group, height by name


def main() -> None:
    PICTURES.mkdir(parents=True, exist_ok=True)
    if peers := _read("peers"):
        by_size = {int(size): part["systems"] for size, part in peers["by_size"].items()}
        _save("peers-latency", lines("One search, median (encoding included)", _flipped(by_size)))
        judged = {name: part["systems"] for name, part in peers["judged_sets"].items()}
        _save("peers-quality", bars("Quality of the first ten", "nDCG@10", {
            name: {one: answer["ndcg_at_10"] for one, answer in systems.items()
                   if "ndcg_at_10" in answer} for name, systems in judged.items()
        }))  # fmt: skip
    if dense := _read("dense"):
        kinds: dict[str, dict[float, float]] = {}
        for row in dense["rows"]:
            kinds.setdefault(row["kind"], {})[row["passages"]] = row["p50_ms"]
        _save("dense-latency", lines("The dense leg alone, median, one thread", kinds))
    if evaluation := _read("evaluation"):
        scores = {name.partition(",")[0]: modes for name, modes in evaluation["scores"].items()}
        measure = "nDCG@10 (lecture_questions: MRR@10)"
        _save("modes-quality", bars("Quality of each way to search", measure, scores))
    if cuts := _read("cuts"):
        ways = cuts["mrr_at_10_of_the_moment"]["by cut"]
        chosen = {name.partition(" ")[0]: {k: v for k, v in way.items() if k != "passages"}
                  for name, way in ways.items() if ", 0 sentences" in name}  # fmt: skip
        measure = "MRR@10 by target/most words of a passage"
        _save("cuts-quality", bars("The judged moment of a lecture", measure, chosen))


def lines(title: str, series: Series) -> str:
    """Milliseconds by passages, both axes logarithmic, each line with its name at its end."""
    xs = [x for points in series.values() for x in points]
    ys = [y for points in series.values() for y in points.values() if y > 0]
    low, high = math.floor(math.log10(min(ys))), math.ceil(math.log10(max(ys)))
    first, last = math.log10(min(xs)), math.log10(max(xs))

    def at(x: float, y: float) -> tuple[float, float]:
        along = (math.log10(x) - first) / ((last - first) or 1)
        up = (math.log10(y) - low) / ((high - low) or 1)
        return LEFT + along * (RIGHT - LEFT), BOTTOM - up * (BOTTOM - TOP)

    parts = []
    for power in range(low, high + 1):
        parts += _level(at(min(xs), 10.0**power)[1], f"{10.0**power:,g} ms")
    parts += [_text(at(x, 10.0**low)[0], BOTTOM + 22, f"{x:,}", "middle") for x in sorted({*xs})]
    parts.append(_text((LEFT + RIGHT) / 2, BOTTOM + 46, "passages (logarithmic)", "middle"))
    ends = []
    for (name, points), colour in zip(series.items(), COLOURS, strict=False):
        path = [at(x, y) for x, y in sorted(points.items()) if y > 0]
        joined = " ".join(f"{x:.1f},{y:.1f}" for x, y in path)
        parts.append(f'<polyline points="{joined}" fill="none" stroke="{colour}" '
                     'stroke-width="2.5"/>')  # fmt: skip
        parts += [f'<circle cx="{x:.1f}" cy="{y:.1f}" r="4" fill="{colour}"/>' for x, y in path]
        last_ms = points[max(points)]
        label = f"{name}: {last_ms:,.{0 if last_ms >= 100 else 1}f} ms"
        ends.append((path[-1][1], path[-1][0], label, colour))
    free = float(TOP)
    for y, x, label, colour in sorted(ends):
        free = max(y + 5, free)
        parts.append(_text(x + 12, free, label, "start", colour))
        free += APART
    return _card(title, parts)


def bars(title: str, measure: str, groups: Groups) -> str:
    """One bar for each name in each group, its height above it, the names beside them."""
    names = list(dict.fromkeys(name for group in groups.values() for name in group))
    step = (RIGHT - LEFT) / len(groups)
    wide = min(56.0, (step - 24) / len(names))
    parts = [part for n in range(0, 11, 2) for part in _level(_height(n / 10), f"{n / 10:g}")]
    for place, (group, heights) in enumerate(groups.items()):
        middle = LEFT + (place + 0.5) * step
        parts.append(_text(middle, BOTTOM + 22, group, "middle"))
        for name, value in heights.items():
            x = middle + (names.index(name) - len(names) / 2) * wide
            parts.append(f'<rect x="{x:.1f}" y="{_height(value):.1f}" width="{wide - 3:.1f}" '
                         f'height="{BOTTOM - _height(value):.1f}" '
                         f'fill="{COLOURS[names.index(name)]}"/>')  # fmt: skip
            shown = f"{value:.2f}".removeprefix("0")
            parts.append(_text(x + wide / 2 - 1.5, _height(value) - 5, shown, "middle"))
    for place, name in enumerate(names):
        parts.append(_text(RIGHT + 16, TOP + 24 + place * 22, name, "start", COLOURS[place]))
    parts.append(_text(LEFT, TOP - 12, measure, "start"))
    return _card(title, parts)


def _height(value: float) -> float:
    return BOTTOM - value * (BOTTOM - TOP)


def _level(y: float, label: str) -> list[str]:
    line = f'<line x1="{LEFT}" x2="{RIGHT}" y1="{y:.1f}" y2="{y:.1f}" stroke="#e2e8f0"/>'
    return [line, _text(LEFT - 8, y + 5, label, "end")]


def _text(x: float, y: float, text: str, anchor: str, colour: str = "#334155") -> str:
    at = f'x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}" fill="{colour}"'
    return f"<text {at}>{escape(text)}</text>"


def _card(title: str, parts: list[str]) -> str:
    return "\n".join([
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" '
        'font-family="system-ui, sans-serif" font-size="14">',
        f"<title>{escape(title)}</title>",
        f'<rect width="{WIDTH}" height="{HEIGHT}" rx="10" fill="#ffffff"/>',
        f'<text x="20" y="30" font-size="18" font-weight="600" fill="#0f172a">{escape(title)}'
        "</text>", *parts, "</svg>", "",
    ])  # fmt: skip


def _flipped(by_size: Mapping[int, Mapping[str, Any]]) -> dict[str, dict[float, float]]:
    """By system, the median by size, where it answered."""
    found: dict[str, dict[float, float]] = {}
    for size, systems in by_size.items():
        for name, answer in systems.items():
            if "p50_ms" in answer:
                found.setdefault(name, {})[size] = answer["p50_ms"]
    return found


def _read(name: str) -> Any:
    file = RESULTS / f"{name}.json"
    return json.loads(file.read_text()) if file.exists() else None


def _save(name: str, picture: str) -> None:
    (PICTURES / f"{name}.svg").write_text(picture)


if __name__ == "__main__":
    main()
