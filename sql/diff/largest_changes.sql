-- Grain: evidence, metric, old, new: the twenty largest moves among those that can be told from noise.
-- Inputs: changes.
-- Cells with the same move are most often of the same reports: they are one row, which names the first of them and says
-- how many they are.
with
moved as (
    select
        *,
        count(*) over (partition by evidence, metric, old, new) as cells
    from changes
    where distinguishable
    qualify
        row_number() over (
            partition by evidence, metric, old, new
            order by
                view <> 'leaf' asc nulls last,
                view asc nulls last,
                group_id asc nulls last,
                market asc nulls last,
                tier asc nulls last,
                level asc nulls last
        ) = 1
)

select view, group_id, evidence, tier, level, market, metric, old, new, difference_low, difference_high, reason, cells
from moved
order by
    abs(ln(new / cast(old as double))) desc nulls last,
    view asc nulls last,
    group_id asc nulls last,
    evidence asc nulls last,
    tier asc nulls last,
    level asc nulls last,
    market asc nulls last,
    metric asc nulls last
limit 20
