-- Grain: one row per cell of cell_pay and percentile, in unrounded USD.
-- Inputs: disclosed_cells, cell_pay, percentile_points (percentile).
-- Weighted Hyndman-Fan type 7 (Akinshin, arXiv 2304.07265): the mean pay over the stretch of cumulated weight from (n*
-- - 1) p / n* to ((n* - 1) p + 1) / n*, with n* the effective number of reports. With W the sum of weights, S the sum
-- of squared weights and positions in units of 1 / (100 W^2), the stretch starts at percentile * (W^2 - S) and is 100 S
-- long. Integers throughout, so that a figure on half a rounding step is exact.
with
totals as (
    select cell, cast(weight as hugeint) as total, cast(squared as hugeint) as squared
    from disclosed_cells
    where suppression_reason is null or is_correlation_cell
),

stretches as (
    select
        t.cell,
        p.percentile,
        100 * t.total as unit,
        100 * t.squared as length,
        p.percentile * (t.total * t.total - t.squared) as stretch_from,
        p.percentile * (t.total * t.total - t.squared) + 100 * t.squared as stretch_to
    from totals as t
    cross join percentile_points as p
),

sums as (
    select
        s.cell,
        s.percentile,
        s.length,
        cast(
            sum(
                c.pay * (
                    least(s.unit * c.weight_to, s.stretch_to)
                    - greatest(s.unit * (c.weight_to - c.weight), s.stretch_from)
                )
            ) as hugeint
        ) as pay_over_length
    from cell_pay as c
    inner join stretches as s on c.cell = s.cell
    where
        s.unit * c.weight_to > s.stretch_from
        and s.unit * (c.weight_to - c.weight) < s.stretch_to
    group by s.cell, s.percentile, s.length
)

-- whole dollars and the rest apart, so that whole dollars are exact
select
    cell,
    percentile,
    cast(pay_over_length // length as double) + cast(pay_over_length % length as double) / cast(length as double) as pay
from sums
