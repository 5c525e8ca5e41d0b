-- Grain: one row per report that stands in another source too, but for the newest of each person.
-- Inputs: single_reports, matches (person, export_sha256, row).
with
ranked as (
    select
        s.export_sha256,
        s."row",
        row_number() over (
            partition by m.person
            order by
                s.report_date desc nulls last,
                s.submitted_at desc nulls last,
                s.exported_on desc nulls last,
                s.file desc nulls last,
                s.row_hash desc nulls last,
                s."row" desc nulls last
        ) as newest
    from matches as m
    inner join single_reports as s on m.export_sha256 = s.export_sha256 and m."row" = s."row"
)

select export_sha256, "row"
from ranked
where newest > 1
order by export_sha256 asc nulls last, "row" asc nulls last
