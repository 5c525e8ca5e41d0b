-- Which medians of the US moved most since the previous release, and was it pay, who reported, or the method?
-- Means: old + restated + pay + mix = new. restated is the effect of another method, other reference data or a
-- correction on the old figure. mix is the effect of other shares of tiers and levels on a roll-up. pay is the rest.
-- reason names the largest.
-- distinguishable is true if the move can be told from noise, which few can. From difference_low to difference_high is
-- the 95 % interval of the move less restated.
-- Does not mean: that anybody got a raise.
-- Parts are null if they cannot be separated. Cells that were added or removed are not listed here. The first release
-- has no changes.
-- Inputs: changes.
select
    group_id,
    tier,
    level,
    metric,
    reason,
    old,
    new,
    round(new / old - 1, 4) as moved,
    restated,
    pay,
    mix,
    difference_low,
    difference_high,
    distinguishable
from changes
where
    view = 'leaf'
    and evidence = 'reported'
    and market = 'US'
    and metric in ('base', 'total')
    and change = 'changed'
order by
    abs(new / old - 1) desc nulls last,
    group_id asc nulls last,
    tier asc nulls last,
    level asc nulls last,
    metric asc nulls last
