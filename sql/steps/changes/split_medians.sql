-- Grain: one row per cell of split_pay: its median in unrounded USD.
-- Inputs: split_totals, split_pay, share_differences (cell, moved).
-- The median of statistics/quantiles.py, whose docstring describes it, over weights that are the former shares: the
-- mean pay over the stretch of cumulated weight from 50 (W^2 - S) on that is 100 S long, in units of 1 / (100 W). It is
-- moved by as many hundredths of a rank as the published median.
-- Integers throughout, so that a figure on half a rounding step is exact.
with
starts as (
    select
        t.cell,
        t.weight,
        t.squared,
        least(
            greatest(
                50 * (cast(t.weight as hugeint) * t.weight - t.squared) + coalesce(d.moved, 0) * t.squared, 0
            ),
            100 * (cast(t.weight as hugeint) * t.weight - t.squared)
        ) as stretch_from
    from split_totals as t
    left join share_differences as d on t.cell = d.cell
),

stretches as (
    select
        cell,
        100 * cast(weight as hugeint) as unit,
        100 * cast(squared as hugeint) as length,
        stretch_from,
        stretch_from + 100 * cast(squared as hugeint) as stretch_to
    from starts
),

sums as (
    select
        s.cell,
        s.length,
        cast(
            sum(
                p.pay * (
                    least(s.unit * p.weight_to, s.stretch_to)
                    - greatest(s.unit * (p.weight_to - p.weight), s.stretch_from)
                )
            ) as hugeint
        ) as pay_over_length
    from split_pay as p
    inner join stretches as s on p.cell = s.cell
    where
        s.unit * p.weight_to > s.stretch_from
        and s.unit * (p.weight_to - p.weight) < s.stretch_to
    group by s.cell, s.length
)

-- whole dollars and the rest apart, so that whole dollars are exact
select
    cell,
    cast(pay_over_length // length as double) + cast(pay_over_length % length as double) / cast(length as double) as p50
from sums
