-- Grain: view, group_id, evidence, tier, level, market, metric: cells that are published, or that only the model knows.
-- Inputs: bands, estimates.
select view, group_id, evidence, tier, level, market, metric
from bands
union
select view, group_id, evidence, tier, level, market, metric
from estimates
order by
    view asc nulls last,
    group_id asc nulls last,
    evidence asc nulls last,
    tier asc nulls last,
    level asc nulls last,
    market asc nulls last,
    metric asc nulls last
