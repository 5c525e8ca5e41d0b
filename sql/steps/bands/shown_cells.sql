-- Grain: one row per cell that shows a median, with its basis.
-- Inputs: disclosed_cells, pooled_cells.
-- No cell of the unknown tier, which would answer for too much.
select
    d.view,
    d.group_id,
    concat(d.view, ' ', d.group_id) as "group",
    d.tier,
    d.level,
    d.market,
    d.evidence,
    d.metric,
    case when k.cell is null then 'direct' else 'pooled' end as basis
from disclosed_cells as d
left join pooled_cells as k on d.cell = k.cell and k.percentile = 50
where
    d.tier <> 'unknown'
    and (k.cell is not null or (d.suppression_reason is null and d.p50_low is not null))
order by
    d.evidence asc nulls last,
    d.metric asc nulls last,
    concat(d.view, ' ', d.group_id) asc nulls last,
    d.tier asc nulls last,
    d.level asc nulls last,
    d.market asc nulls last
