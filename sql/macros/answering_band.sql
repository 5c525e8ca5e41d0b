-- Grain: one row: the first of fallback_cells that shows figures, or no row if none does.
-- Inputs: fallback_cells, bands.
-- Parameters: "group", tier, level, market, metric, view, evidence.
with
asked as (
    select metric as asked_metric, evidence as asked_evidence
),

cells as (
    select * from fallback_cells("group", tier, level, market, view := view)
)

select c.fallback, b.*
from cells as c
cross join asked as a
inner join bands as b
    on
        c.view = b.view
        and c.group_id = b.group_id
        and c.tier = b.tier
        and c.level = b.level
        and c.market = b.market
        and a.asked_metric = b.metric
        and a.asked_evidence = b.evidence
where b.basis <> 'suppressed'
order by c.step asc nulls last
limit 1
