-- Grain: source, file, disposition, reason. The rows of a file add up to the rows it has.
-- Inputs: window_reports, rejected_reports (parts), export_files (every file, held and repeated ones too).
with
accepted as (
    select export_sha256, disposition, reason, count(*) as counted_rows
    from window_reports
    group by export_sha256, disposition, reason
),

rejected as (
    select
        f.export_sha256,
        case when r.reason = 'skipped' then 'out_of_scope' else 'rejected' end as disposition,
        r.reason,
        count(*) as counted_rows
    from rejected_reports as r
    inner join export_files as f on r.export_key = f.export_key
    where f.counted
    group by f.export_sha256, r.reason
),

disposed as (
    select * from accepted
    union all
    select * from rejected
),

counted as (
    select f.source, f.file, f.export, f.format, d.disposition, d.reason, d.counted_rows
    from export_files as f
    inner join disposed as d on f.export_sha256 = d.export_sha256
    where f.counted
),

whole_files as (
    select
        source,
        file,
        export,
        format,
        case when held_reason is null then 'duplicate' else 'held' end as disposition,
        coalesce(held_reason, 'same_bytes') as reason,
        export_rows as counted_rows
    from export_files
    where not counted
),

everything as (
    select * from counted
    union all
    select * from whole_files
)

select source, file, export, format, disposition, reason, counted_rows as "rows"
from everything
order by source asc nulls last, file asc nulls last, disposition asc nulls last, reason asc nulls last
