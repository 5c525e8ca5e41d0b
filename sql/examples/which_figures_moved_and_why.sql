-- Which medians of the US moved most since the release before, and was it pay, who reported, or the way of counting?
-- Means: old + restated + pay + mix = new. restated is what another method, reference data or a correction did to the
-- old figure; mix is what other shares of tiers and levels did to a roll-up; pay is the rest. reason names the largest.
-- Does not mean: a rise of anybody's pay, or a move beyond chance: compare the intervals in history_bands. Null parts
-- could not be told apart. Cells that came or went are left out here: change says added or removed.
-- Inputs: changes, of which the first release has none.
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
    mix
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
