-- Grain: metric, level: reported pay in all of machine learning in the US, if its median changed.
-- Inputs: changes.
select metric, level, old, new, restated, pay, mix, reason
from changes
where
    view = 'leaf'
    and group_id = 'all'
    and evidence = 'reported'
    and tier = 'all'
    and level in ('all', 'early', 'senior')
    and market = 'US'
    and metric in ('base', 'total')
order by metric asc nulls last, level asc nulls last
