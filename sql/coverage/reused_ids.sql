-- Grain: source, file, replaced file: the reports of a file that replace one with the same id in another file, and
-- those of them that are another person's by two of employer, title and place.
-- Inputs: window_reports, accepted_reports (parts), exports.
with
reused as (
    select distinct source, submission_id
    from window_reports
    where reason = 'newer_submission'
),

reports as (
    select
        w.source,
        w.file,
        w.submission_id,
        w.reason,
        w.employer,
        lower(a.job_title) as job_title,
        lower(coalesce(a.location, a.country)) as place
    from window_reports as w
    inner join reused as u on w.source = u.source and w.submission_id = u.submission_id
    inner join exports as e on w.export_sha256 = e.export_sha256
    inner join accepted_reports as a on e.export_key = a.export_key and w."row" = a."row"
    where w.reason is distinct from 'newer_snapshot'
),

pairs as (
    select
        newer.source,
        newer.file,
        older.file as replaced_file,
        coalesce(cast(newer.employer <> older.employer as integer), 0)
        + coalesce(cast(newer.job_title <> older.job_title as integer), 0)
        + coalesce(cast(newer.place <> older.place as integer), 0) as differences
    from reports as newer
    inner join reports as older
        on newer.source = older.source and newer.submission_id = older.submission_id and newer.file <> older.file
    where newer.reason is distinct from 'newer_submission' and older.reason = 'newer_submission'
)

select
    source,
    file,
    replaced_file,
    count(*) as reports,
    count(*) filter (where differences >= 2) as other_people
from pairs
group by source, file, replaced_file
order by source asc nulls last, file asc nulls last, replaced_file asc nulls last
