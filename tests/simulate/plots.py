"""The plots of docs/simulation/, as SVG that is the same for the same figures."""

from pathlib import Path

import altair as alt
import pandas as pd
import vl_convert

WIDTH, HEIGHT = 320, 190
COLOURS = ["#7b3294", "#2166ac", "#1a1a1a", "#b2182b", "#e08214"]


def write(chart: alt.TopLevelMixin, path: Path) -> None:
    svg = vl_convert.vegalite_to_svg(chart.to_json())
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(svg + "\n", encoding="utf-8")


def coverage_chart(shares: pd.DataFrame, classes: list[str]) -> alt.TopLevelMixin:
    """shares: metric, size_class, percentile, share; the bars of METHOD shaded."""
    data = shares.assign(percentile="P" + shares["percentile"].astype(str), share=100 * shares["share"])
    bars = pd.DataFrame({"low": [93.0], "high": [98.0]})
    x = alt.X("size_class:N", sort=classes, title="effective reports", axis=alt.Axis(labelAngle=-25))
    scale = alt.Scale(domain=[88, 100], clamp=True)
    band = alt.Chart(bars).mark_rect(color="#dddddd", opacity=0.6).encode(alt.Y("low:Q", scale=scale), alt.Y2("high:Q"))
    colour = alt.Color("percentile:N", scale=alt.Scale(range=COLOURS), title=None)
    lines = (
        alt.Chart(data)
        .mark_line(point=True)
        .encode(x, alt.Y("share:Q", scale=scale, title="% of intervals that hold the truth"), colour)
    )
    layers = [
        alt.layer(band, lines.transform_filter(alt.datum.metric == metric)).properties(
            title=title, width=WIDTH, height=HEIGHT
        )
        for metric, title in (
            ("base", "base: normal, employers little alike"),
            ("total", "total: heavy tails, employers very alike"),
        )
    ]
    return alt.hconcat(*layers)


def premiums_chart(rows: pd.DataFrame) -> alt.TopLevelMixin:
    """rows: group, figure, low, high, true: means over worlds."""
    percent = rows.assign(**{c: 100 * rows[c] for c in ("figure", "low", "high", "true")})
    y = alt.Y("group:N", sort=alt.EncodingSortField("true", order="descending"), title=None)
    base = alt.Chart(percent).encode(y)
    spans = base.mark_rule(color="#2166ac", strokeWidth=2).encode(
        alt.X("low:Q", title="premium over ml_generalist, base, %"), alt.X2("high:Q")
    )
    found = base.mark_point(filled=True, color="#2166ac", size=45).encode(alt.X("figure:Q"))
    true = base.mark_tick(color="#b2182b", thickness=2, size=12).encode(alt.X("true:Q"))
    return alt.layer(spans, found, true).properties(width=460, height=14 * len(rows))


def shifts_chart(rows: pd.DataFrame) -> alt.TopLevelMixin:
    """rows: kind, share, fenced, percentile, shift: the median over cells."""
    data = rows.assign(
        share=100 * rows["share"],
        shift=100 * rows["shift"],
        who=rows["percentile"].str.upper() + rows["fenced"].map({True: " with the fence", False: " without"}),
    )
    colour = alt.Color("who:N", scale=alt.Scale(range=["#2166ac", "#92c5de", "#b2182b", "#f4a582"]), title=None)
    line = alt.Chart(data).mark_line(point=True).encode(
        alt.X("share:Q", title="fabricated rows, %", axis=alt.Axis(values=[1, 5, 10])),
        alt.Y("shift:Q", title="median shift of a cell, % (root scale)", scale=alt.Scale(type="sqrt")),
        colour,
    )  # fmt: skip
    parts = [
        line.transform_filter(alt.datum.kind == kind).properties(title=title, width=WIDTH, height=HEIGHT)
        for kind, title in (
            ("unit", "12 times the pay, everywhere"),
            ("lies", "1.5 times the pay, one source and week"),
        )
    ]
    return alt.hconcat(*parts)


def gates_chart(rows: pd.DataFrame) -> alt.TopLevelMixin:
    """rows: what, share: of refreshes that were held; ordinary: whether it should not be."""
    data = rows.assign(share=100 * rows["share"])
    y = alt.Y("what:N", sort=list(data["what"]), title=None, axis=alt.Axis(labelLimit=460))
    colour = alt.Color("ordinary:N", scale=alt.Scale(domain=[True, False], range=["#b2182b", "#2166ac"]), legend=None)
    bars = (
        alt.Chart(data)
        .mark_bar()
        .encode(y, alt.X("share:Q", title="refreshes held, %", scale=alt.Scale(domain=[0, 100])), colour)
    )
    rule = alt.Chart(pd.DataFrame({"bar": [95]})).mark_rule(strokeDash=[4, 3]).encode(alt.X("bar:Q"))
    return alt.layer(bars, rule).properties(width=360, height=22 * len(rows))
