-- Grain: one row per cell that shows nothing: of the grid, or of enough reports to be pooled. Groups once.
-- Inputs: grid, group_names, disclosed_cells, pooled_cells.
with
shown as (
    select d.view, d.group_id, d.tier, d.level, d.market, d.evidence, d.metric
    from disclosed_cells as d
    left join pooled_cells as k on d.cell = k.cell and k.percentile = 50
    where k.cell is not null or (d.suppression_reason is null and d.p50_low is not null)
),

cells as (
    select g.view, g.group_id, g.tier, g.level, g.market, g.evidence, g.metric
    from grid as g
    inner join group_names as n on g.view = n.first_view and g.group_id = n.first_group_id
    union
    select view, group_id, tier, level, market, evidence, metric
    from disclosed_cells
)

select
    g.view,
    g.group_id,
    concat(g.view, ' ', g.group_id) as "group",
    g.tier,
    g.level,
    g.market,
    g.evidence,
    g.metric
from cells as g
left join shown as s
    on
        g.view = s.view
        and g.group_id = s.group_id
        and g.tier = s.tier
        and g.level = s.level
        and g.market = s.market
        and g.evidence = s.evidence
        and g.metric = s.metric
where s.view is null
order by
    g.evidence asc nulls last,
    g.metric asc nulls last,
    g.view asc nulls last,
    g.group_id asc nulls last,
    g.tier asc nulls last,
    g.level asc nulls last,
    g.market asc nulls last
