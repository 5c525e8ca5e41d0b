-- Grain: group_id, evidence, tier, level, market, metric of the view `leaf`: the twenty largest moves of base and total
-- in countries and metros among those that can be told from noise.
-- Inputs: changes.
-- Cells with the same move are most often of the same reports: only the first of them is kept.
with
moved as (
    select *
    from changes
    where distinguishable and view = 'leaf' and market <> 'global' and metric in ('base', 'total')
    qualify
        row_number() over (
            partition by evidence, metric, old, new
            order by group_id asc nulls last, market asc nulls last, tier asc nulls last, level asc nulls last
        ) = 1
)

select group_id, evidence, tier, level, market, metric, old, new, difference_low, difference_high, reason
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
