-- Grain: one row per cell that shows its median, in unrounded USD; p90 is null if it is not shown.
-- Inputs: intervals, percentiles, disclosed_cells, cells, metric_reports.
-- Cells of exactly the same reports are computed once: `same_as` is the first of them. They are common, since a group
-- of one leaf is in several views and many markets have reports of one level only.
with
figures as (
    select
        p.cell,
        max(case when p.percentile = 50 then p.pay end) as p50,
        max(case when p.percentile = 90 then p.pay end) as p90
    from percentiles as p
    inner join intervals as i on p.cell = i.cell and p.percentile = i.percentile
    inner join disclosed_cells as d on p.cell = d.cell
    where d.suppression_reason is null
    group by p.cell
    having max(case when p.percentile = 50 then p.pay end) is not null
),

paid as (
    select atom, count(*) as reports
    from metric_reports
    group by atom
),

contents as (
    select
        f.cell,
        f.p50,
        f.p90,
        cast(sum(a.reports) as bigint) as reports,
        list(a.atom order by a.atom asc nulls last) as atoms
    from figures as f
    inner join cells as c on f.cell = c.cell
    inner join paid as a on c.atom = a.atom
    group by f.cell, f.p50, f.p90
)

select
    cell,
    min(cell) over (partition by atoms) as same_as,
    p50,
    p90,
    reports
from contents
