-- Grain: source, what, text: texts of reports in scope and in the window that are unknown to the reference data.
-- Inputs: window_reports, accepted_reports (parts), exports.
with
texts as (
    select
        w.source,
        w.leaf,
        w.tier,
        w.level_basis,
        w.country as known_country,
        a.job_title,
        a.specialisation,
        a.employer,
        a.level,
        coalesce(a.location, a.country) as place
    from window_reports as w
    inner join exports as e on w.export_sha256 = e.export_sha256
    inner join accepted_reports as a on e.export_key = a.export_key and w."row" = a."row"
    where is_in_scope(w.disposition)
),

unmatched as (
    select source, 'title' as what, concat_ws(' / ', job_title, specialisation) as unknown_text
    from texts
    where leaf = 'unclassified'
    union all
    select source, 'employer' as what, employer as unknown_text
    from texts
    where tier = 'unknown' and employer is not null
    union all
    select source, 'level' as what, concat_ws(' / ', employer, level) as unknown_text
    from texts
    where level is not null and coalesce(level_basis, 'experience') = 'experience'
    union all
    select source, 'place' as what, place as unknown_text
    from texts
    where known_country is null and place is not null
)

select source, what, unknown_text, count(*) as reports
from unmatched
group by source, what, unknown_text
order by count(*) desc, source asc nulls last, what asc nulls last, unknown_text asc nulls last
