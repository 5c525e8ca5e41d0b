-- Grain: one row: the band of exactly this cell, shown or suppressed, or no row if bands does not have it.
-- Inputs: group_parents, bands.
-- Parameters: "group", tier, level, market, metric, view, evidence.
with
asked as (
    select
        tier as asked_tier,
        level as asked_level,
        market as asked_market,
        metric as asked_metric,
        evidence as asked_evidence
),

family as (
    select * from group_parents("group", view := view)
)

select b.*
from family as f
cross join asked as a
inner join bands as b
    on
        f.view = b.view
        and f.group_id = b.group_id
        and a.asked_tier = b.tier
        and a.asked_level = b.level
        and a.asked_market = b.market
        and a.asked_metric = b.metric
        and a.asked_evidence = b.evidence
order by b.view asc nulls last, b.group_id asc nulls last
