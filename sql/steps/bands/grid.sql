-- Grain: view, group_id, evidence, tier, level, market, metric: the cells that are published even if they are
-- suppressed, of every group, tier and level in the US.
-- Inputs: group_names, metrics, tiers, level_parents.
with
levels as (
    select level from level_parents
    union
    select parent from level_parents
)

select
    g.view,
    g.group_id,
    m.evidence,
    t.tier,
    l.level,
    'US' as market,
    m.metric
from group_names as g
cross join metrics as m
cross join tiers as t
cross join levels as l
