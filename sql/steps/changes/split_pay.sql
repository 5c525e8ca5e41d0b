-- Grain: one row per cell of split_cells and distinct pay, with the cumulated weight: cell_pay in the former shares of
-- tiers and levels.
-- Inputs: split_cells, split_edges, metric_reports.
-- Weights are rounded to integers, so the order of rows does not matter.
with
atom_pay as (
    select atom, pay, cast(sum(weight) as bigint) as weight
    from metric_reports
    group by atom, pay
),

summed as (
    select cell, pay, cast(sum(weight) as bigint) as weight
    from (
        select s.cell, a.pay, cast(round(a.weight * s.ratio) as bigint) as weight
        from atom_pay as a
        inner join split_cells as s on a.atom = s.atom
        union all
        select cell, pay, sign * cast(round(weight * ratio) as bigint) as weight
        from split_edges
    ) as parts
    group by cell, pay
    having sum(weight) > 0
)

select
    cell,
    pay,
    weight,
    cast(sum(weight) over (partition by cell order by pay asc nulls last) as bigint) as weight_to
from summed
