-- Grain: one row per cell of split_pay: its median in unrounded USD.
-- Inputs: split_totals, split_pay.
-- The median of statistics/quantiles.py, whose docstring describes it, over weights that are the former shares: the
-- mean pay over the stretch of cumulated weight from 50 (W^2 - S) on that is 100 S long, in units of 1 / (100 W).
-- Integers throughout, so that a figure on half a rounding step is exact.
with
stretches as (
    select
        cell,
        100 * cast(weight as hugeint) as unit,
        100 * cast(squared as hugeint) as length,
        50 * (cast(weight as hugeint) * cast(weight as hugeint) - cast(squared as hugeint)) as stretch_from,
        50 * (cast(weight as hugeint) * cast(weight as hugeint) + cast(squared as hugeint)) as stretch_to
    from split_totals
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
