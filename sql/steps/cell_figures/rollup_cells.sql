-- Grain: rollup, metric_number, profile: the cell of cell_counts that a profile is in.
-- Inputs: cell_counts, cell_keys, metrics.
select
    k.rollup,
    m.metric_number,
    k.profile,
    t.cell
from cell_keys as k
inner join metrics as m on k.evidence = m.evidence
inner join cell_counts as t on of_metric(k.place, m.metric_number) = t.cell
