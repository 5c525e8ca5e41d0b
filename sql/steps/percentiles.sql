-- Grain: one row per shown cell and percentile, unrounded USD.
-- Inputs: disclosed_cells, cells, metric_reports, percentile_points (percentile, p).
-- Weighted Hyndman-Fan type 7 (Akinshin, arXiv 2304.07265): the mean of the pay over the stretch of cumulated weight
-- between (n* - 1) p / n* and ((n* - 1) p + 1) / n*, n* being the effective number of reports. Weights are integers;
-- the stretch is cut at 2^-20 of one of their units, so that every sum is one of integers.
with
atom_pay as (
    select
        atom,
        pay,
        sum(weight) as weight,
        sum(cast(weight as hugeint) * weight) as squared
    from metric_reports
    group by atom, pay
),

cell_pay as (
    select
        c.cell,
        a.pay,
        cast(sum(a.weight) as hugeint) as weight,
        cast(sum(a.squared) as hugeint) as squared
    from atom_pay as a
    inner join cells as c on a.atom = c.atom
    inner join disclosed_cells as d on c.cell = d.cell
    where d.suppression_reason is null
    group by c.cell, a.pay
),

running as (
    select
        cell,
        pay,
        1048576 * (sum(weight) over up_to - weight) as weight_from,
        1048576 * sum(weight) over up_to as weight_to,
        cast(sum(weight) over whole as double) as total,
        cast(sum(weight) over whole as double)
        * cast(sum(weight) over whole as double)
        / cast(sum(squared) over whole as double) as effective
    from cell_pay
    window
        up_to as (partition by cell order by pay asc nulls last),
        whole as (partition by cell)
),

stretches as (
    select
        r.*,
        p.percentile,
        cast(floor(1048576 * r.total * ((r.effective - 1) * p.p) / r.effective) as hugeint) as stretch_from,
        cast(ceil(1048576 * r.total * ((r.effective - 1) * p.p + 1) / r.effective) as hugeint) as stretch_to
    from running as r
    cross join percentile_points as p
),

parts as (
    select
        cell,
        percentile,
        pay,
        least(weight_to, stretch_to) - greatest(weight_from, stretch_from) as overlap
    from stretches
    where weight_to > stretch_from and weight_from < stretch_to
)

select
    cell,
    percentile,
    cast(sum(pay * overlap) as double) / cast(sum(overlap) as double) as pay
from parts
group by cell, percentile
