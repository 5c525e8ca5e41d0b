-- Grain: view, group_id, evidence, tier, level, market, metric: cells that are published, or that only the model knows.
-- Inputs: bands, estimates.
select view, group_id, evidence, tier, level, market, metric
from bands
union
select view, group_id, evidence, tier, level, market, metric
from estimates
