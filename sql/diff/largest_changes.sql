-- Grain: group_id, evidence, tier, level, market, metric of the view leaf: the twenty medians of base and total that
-- moved furthest, in countries and metros. Cells that moved alike are most often the same reports: the first of them
-- stands for all.
-- Inputs: changes.
with
moved as (
    select *
    from changes
    where change = 'changed' and view = 'leaf' and market <> 'global' and metric in ('base', 'total')
    qualify
        row_number() over (
            partition by evidence, metric, old, new
            order by group_id asc nulls last, market asc nulls last, tier asc nulls last, level asc nulls last
        ) = 1
)

select group_id, evidence, tier, level, market, metric, old, new, restated, pay, mix, reason
from moved
order by
    abs(ln(new / cast(old as double))) desc nulls last,
    group_id asc nulls last,
    evidence asc nulls last,
    tier asc nulls last,
    level asc nulls last,
    market asc nulls last,
    metric asc nulls last
limit 20
