-- Grain: one row per shown cell and percentile, unrounded USD.
-- Inputs: disclosed_cells, cells, metric_reports, percentile_points (percentile, p).
-- Weighted Hyndman-Fan type 7 (Akinshin, arXiv 2304.07265): the mean of the pay over the stretch of cumulated weight
-- between (n* - 1) p / n* and ((n* - 1) p + 1) / n*, n* being the effective number of reports. Weights are integers;
-- the stretch is cut at 2^-20 of one of their units, so that every sum is one of integers.
with
shown as (
    select c.cell, c.atom
    from cells as c
    inner join disclosed_cells as d on c.cell = d.cell
    where d.suppression_reason is null
),

atom_totals as (
    select
        atom,
        sum(weight) as weight,
        sum(cast(weight as hugeint) * weight) as squared
    from metric_reports
    group by atom
),

totals as (
    select
        s.cell,
        cast(sum(a.weight) as double) as total,
        cast(sum(a.weight) as double) * cast(sum(a.weight) as double) / cast(sum(a.squared) as double) as effective
    from shown as s
    inner join atom_totals as a on s.atom = a.atom
    group by s.cell
),

stretches as (
    select
        t.cell,
        p.percentile,
        cast(floor(1048576 * t.total * ((t.effective - 1) * p.p) / t.effective) as hugeint) as stretch_from,
        cast(ceil(1048576 * t.total * ((t.effective - 1) * p.p + 1) / t.effective) as hugeint) as stretch_to
    from totals as t
    cross join percentile_points as p
),

atom_pay as (
    select atom, pay, cast(sum(weight) as bigint) as weight
    from metric_reports
    group by atom, pay
),

cell_pay as (
    select s.cell, a.pay, cast(sum(a.weight) as bigint) as weight
    from atom_pay as a
    inner join shown as s on a.atom = s.atom
    group by s.cell, a.pay
),

running as (
    select
        cell,
        pay,
        weight,
        cast(sum(weight) over (partition by cell order by pay asc nulls last) as bigint) as weight_to
    from cell_pay
),

parts as (
    select
        s.cell,
        s.percentile,
        r.pay,
        least(1048576 * cast(r.weight_to as hugeint), s.stretch_to)
        - greatest(1048576 * cast(r.weight_to - r.weight as hugeint), s.stretch_from) as overlap
    from running as r
    inner join stretches as s on r.cell = s.cell
    where
        1048576 * cast(r.weight_to as hugeint) > s.stretch_from
        and 1048576 * cast(r.weight_to - r.weight as hugeint) < s.stretch_to
)

select
    cell,
    percentile,
    cast(sum(pay * overlap) as double) / cast(sum(overlap) as double) as pay
from parts
group by cell, percentile
