-- Grain: one row per changed cell, with its number, null where it has no reports, now or before; groups of the same
-- leaves share theirs.
-- Inputs: changed_cells, cell_keys, group_names, metrics.
with
keys as (
    select distinct view, group_id, evidence, tier, level, market, place
    from cell_keys
)

select
    c.*,
    k.place * 100 + m.metric_number as cell
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
