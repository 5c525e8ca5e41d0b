-- Grain: reason: the number of cells that changed, of those that can be told from noise, of cells that were added and
-- removed, and the median move of those that changed.
-- Inputs: changes.
select
    reason,
    count(case when change = 'changed' then 1 end) as changed,
    count(case when distinguishable then 1 end) as distinguishable,
    count(case when change = 'added' then 1 end) as added,
    count(case when change = 'removed' then 1 end) as removed,
    round(median(case when change = 'changed' then abs(new / cast(old as double) - 1) end), 4) as median_move
from changes
group by reason
order by reason asc nulls last
