-- Grain: one row per cell and distinct pay, with the cumulated weight: the histogram that percentiles are read from.
-- Inputs: disclosed_cells, cells, metric_reports.
-- Contains the cells that may be shown and those that employer correlations are estimated from.
with
wanted as (
    select c.cell, c.atom
    from cells as c
    inner join disclosed_cells as d on c.cell = d.cell
    where d.suppression_reason is null or d.is_correlation_cell
),

atom_pay as (
    select atom, pay, cast(sum(weight) as bigint) as weight
    from metric_reports
    group by atom, pay
),

summed as (
    select w.cell, a.pay, cast(sum(a.weight) as bigint) as weight
    from atom_pay as a
    inner join wanted as w on a.atom = w.atom
    group by w.cell, a.pay
)

select
    cell,
    pay,
    weight,
    cast(sum(weight) over (partition by cell order by pay asc nulls last) as bigint) as weight_to
from summed
