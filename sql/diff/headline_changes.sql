-- Grain: metric, level: reported pay in all of machine learning in the US, if its median moved beyond noise.
-- Inputs: changes.
select metric, level, old, new, difference_low, difference_high, restated, pay, mix, reason
from changes
where
    distinguishable
    and view = 'leaf'
    and group_id = 'all'
    and evidence = 'reported'
    and tier = 'all'
    and level in ('all', 'early', 'senior')
    and market = 'US'
    and metric in ('base', 'total')
order by metric asc nulls last, level asc nulls last
