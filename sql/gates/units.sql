-- Grain: one row per unit to leave out: a new export, or the new reports of one source from one ISO week.
-- Inputs: new_reports.
with
named as (
    select distinct 'export' as kind, source, file as unit_name from new_reports
    union all
    select distinct 'week' as kind, source, iso_week as unit_name from new_reports
)

select
    kind,
    source,
    unit_name,
    row_number() over (order by kind asc nulls last, source asc nulls last, unit_name asc nulls last) as unit
from named
