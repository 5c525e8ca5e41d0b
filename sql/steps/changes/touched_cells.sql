-- Grain: one row per cell that has a report of a new export, or had one that another export has replaced.
-- Inputs: cells, metric_reports, new_files (file), both_exports, replaced_reports (metric_reports of the replaced
-- reports).
with
touched as (
    select m.atom
    from metric_reports as m
    inner join both_exports as x on m.export_number = x.export_number
    inner join new_files as f on x.file = f.file
    union
    select atom from replaced_reports
)

select distinct c.cell
from cells as c
inner join touched as t on c.atom = t.atom
