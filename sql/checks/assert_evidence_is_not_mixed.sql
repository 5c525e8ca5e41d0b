-- Metrics that do not belong to their kind of evidence.
-- Inputs: bands.
select view, group_id, evidence, tier, level, market, metric
from bands
where
    (evidence = 'advertised' and metric not in ('base', 'base_min', 'base_max'))
    or (evidence = 'reported' and metric in ('base_min', 'base_max'))
order by view, group_id, evidence, tier, level, market, metric
