-- Grain: one row per cell and atom in it.
-- Inputs: cell_keys, metrics (evidence, metric, metric_number).
select
    of_metric(k.place, m.metric_number) as cell,
    of_metric(k.profile, m.metric_number) as atom
from cell_keys as k
inner join metrics as m on k.evidence = m.evidence
