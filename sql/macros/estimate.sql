-- Grain: one row: what the model says of exactly this cell, or no row if it does not identify the cell.
-- Inputs: group_parents, estimates.
-- Parameters: "group", tier, level, market, metric, view.
with
asked as (
    select
        tier as asked_tier,
        level as asked_level,
        market as asked_market,
        metric as asked_metric
),

family as (
    select * from group_parents("group", view := view)
)

select e.*
from family as f
cross join asked as a
inner join estimates as e
    on
        f.view = e.view
        and f.group_id = e.group_id
        and a.asked_tier = e.tier
        and a.asked_level = e.level
        and a.asked_market = e.market
        and a.asked_metric = e.metric
order by e.view asc nulls last, e.group_id asc nulls last
