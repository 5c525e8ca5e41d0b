-- Grain: one row per changed cell, with its number, null if it has no reports in either release. Groups of the same
-- leaves share a number.
-- Inputs: changed_cells, cell_keys, group_names, metrics.
with
keys as (
    select distinct view, group_id, evidence, tier, level, market, place
    from cell_keys
)

select
    c.*,
    of_metric(k.place, m.metric_number) as cell
from changed_cells as c
inner join metrics as m on c.evidence = m.evidence and c.metric = m.metric
left join group_names as n on c.view = n.view and c.group_id = n.group_id
left join keys as k
    on
        n.first_view = k.view
        and n.first_group_id = k.group_id
        and c.evidence = k.evidence
        and c.tier = k.tier
        and c.level = k.level
        and c.market = k.market
