-- Grain: one row per cell and atom.
-- Inputs: cell_keys, metrics (evidence, metric, metric_number).
select
    k.place * 100 + m.metric_number as cell,
    k.profile * 100 + m.metric_number as atom
from cell_keys as k
inner join metrics as m on k.evidence = m.evidence
