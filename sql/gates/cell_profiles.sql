-- Grain: one row per compared cell and profile in it.
-- Inputs: compared (cell, evidence, metric, group_id, tier, level, market), profiles, view_groups.
select
    c.cell,
    c.metric,
    p.profile
from compared as c
inner join view_groups as g on c.group_id = g.group_id
inner join profiles as p
    on
        g.leaf = p.leaf
        and c.evidence = p.evidence
        and (c.tier = 'all' or c.tier = p.tier)
        and (c.level = 'all' or c.level = p.level or c.level = p.stage)
        and (c.market = p.country or c.market = p.metro)
where g.view = 'leaf'
