-- Grain: source, format, evidence.
-- Inputs: window_reports, export_files, formats (format, licence, attribution), ledger.
-- Rows are null if they are below 10, or if with the ledger they give away a count below 10.
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
),

shown as (
    select source, format, sum("rows") as ledger_rows
    from ledger
    where disposition = 'used'
    group by source, format
),

telling as (
    select u.source, u.format
    from used as u
    left join shown as s on u.source = s.source and u.format = s.format
    group by u.source, u.format, s.ledger_rows
    having min(u.used_rows) < 10 or (sum(u.used_rows) - coalesce(s.ledger_rows, 0)) between 1 and 9
)

select
    e.source,
    e.format,
    coalesce(u.evidence, 'none') as evidence,
    e.exports,
    u.first_report,
    u.last_report,
    case when t.source is null then coalesce(u.used_rows, 0) end as "rows",
    f.licence,
    f.attribution
from read_exports as e
inner join formats as f on e.format = f.format
left join used as u on e.source = u.source and e.format = u.format
left join telling as t on e.source = t.source and e.format = t.format
order by e.source asc nulls last, e.format asc nulls last, evidence asc nulls last
