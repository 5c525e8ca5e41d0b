-- Grain: source, format, evidence.
-- Inputs: window_reports, export_files, formats (format, licence, attribution).
with
used as (
    select
        source,
        format,
        evidence,
        min(report_date) as first_report,
        max(report_date) as last_report,
        count(*) as used_rows
    from window_reports
    where disposition = 'used'
    group by source, format, evidence
),

read_exports as (
    select source, format, count(*) as exports
    from export_files
    where counted
    group by source, format
)

select
    e.source,
    e.format,
    coalesce(u.evidence, 'none') as evidence,
    e.exports,
    u.first_report,
    u.last_report,
    coalesce(u.used_rows, 0) as "rows",
    f.licence,
    f.attribution
from read_exports as e
inner join formats as f on e.format = f.format
left join used as u on e.source = u.source and e.format = u.format
order by e.source asc nulls last, e.format asc nulls last, evidence asc nulls last
