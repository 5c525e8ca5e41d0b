-- Grain: one row per cell of enough reports to be pooled or shown: how many of its reports count, and how many expired.
-- Inputs: cells, metric_reports, refresh.
-- A cell takes in reports five at a time and lets them go five at a time, so that its reports are counted in fives.
with
atom_counts as (
    select
        atom,
        max(metric_number) as metric_number,
        bool_and(evidence = 'reported') as is_batched,
        count(*) as arrived,
        sum(case when is_expired then 1 else 0 end) as expired
    from metric_reports
    group by atom
),

counts as (
    select
        c.cell,
        max(a.metric_number) as metric_number,
        bool_and(a.is_batched) as is_batched,
        cast(sum(a.arrived) as bigint) as arrived,
        cast(sum(a.expired) as bigint) as expired
    from atom_counts as a
    inner join cells as c on a.atom = c.atom
    group by c.cell
)

select c.*
from counts as c
cross join refresh as r
-- from 9 reports on a median can have an interval: FEWEST of aggregate/tables/cell_figures.py
where
    case when c.is_batched then 5 * (c.arrived // 5 - c.expired // 5) else c.arrived end
    >= least(r.min_pooled_reports, 9)
