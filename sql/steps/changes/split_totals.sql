-- Grain: one row per cell of split_cells: the sums of its weights and of their squares.
-- Inputs: split_cells, split_edges, split_pay, metric_reports.
with
atom_squares as (
    select atom, cast(sum_of_squares(weight) as double) as squared
    from metric_reports
    group by atom
),

squares as (
    select cell, sum(squared) as squared
    from (
        select s.cell, cast(round(a.squared * s.ratio * s.ratio) as hugeint) as squared
        from atom_squares as a
        inner join split_cells as s on a.atom = s.atom
        union all
        select cell, sign * cast(round(cast(weight as double) * weight * ratio * ratio) as hugeint) as squared
        from split_edges
    ) as parts
    group by cell
),

totals as (
    select cell, sum(weight) as weight
    from split_pay
    group by cell
)

select
    t.cell,
    t.weight,
    least(greatest(q.squared, 1), cast(t.weight as hugeint) * cast(t.weight as hugeint)) as squared
from totals as t
inner join squares as q on t.cell = q.cell
