-- Grain: rollup, metric_number, profile: the changed cell that a profile is in, with its median in each release.
-- Inputs: changed_numbers, cell_keys, metrics.
-- Only cells that are direct in both releases. Groups of the same leaves are one cell.
with
moved as (
    select distinct cell, restated, new
    from changed_numbers
    where change = 'changed' and is_direct_in_both
)

select
    k.rollup,
    m.metric_number,
    m.metric,
    m.evidence,
    k.profile,
    c.cell,
    c.restated,
    c.new
from cell_keys as k
inner join metrics as m on k.evidence = m.evidence
inner join moved as c on of_metric(k.place, m.metric_number) = c.cell
