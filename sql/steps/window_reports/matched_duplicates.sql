-- Grain: one row per report of a person who is in several sources, except the newest of each person.
-- Inputs: reports, dated_reports, matches (person, export_number, row).
with
ranked as (
    select
        m.export_number,
        m."row",
        row_number() over (
            partition by m.person
            order by
                coalesce(r.submitted_at, d.report_date) desc nulls last,
                r.exported_on desc nulls last,
                r.file desc nulls last,
                r.row_hash desc nulls last,
                r."row" desc nulls last
        ) as newest
    from matches as m
    inner join reports as r on m.export_number = r.export_number and m."row" = r."row"
    inner join dated_reports as d on m.export_number = d.export_number and m."row" = d."row"
)

select export_number, "row"
from ranked
where newest > 1
