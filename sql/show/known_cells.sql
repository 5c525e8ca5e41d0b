-- Grain: view, group_id, evidence, tier, level, market, metric: cells that are published, or that the model knows; not
-- distinct.
-- Inputs: bands, estimates.
select view, group_id, evidence, tier, level, market, metric
from bands
union all
select view, group_id, evidence, tier, level, market, metric
from estimates
