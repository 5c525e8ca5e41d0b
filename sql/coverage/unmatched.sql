-- Grain: source, what, text: texts of reports in scope and in the window that are unknown to the reference data, with
-- the reports that each costs, those of them that are or may be machine learning, and their share of the source.
-- Inputs: window_reports, accepted_reports (parts), exports, view_groups.
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
    select source, leaf, 'title' as what, concat_ws(' / ', job_title, specialisation) as unknown_text
    from texts
    where leaf = 'unclassified'
    union all
    select source, leaf, 'employer' as what, employer as unknown_text
    from texts
    where tier = 'unknown' and employer is not null
    union all
    select source, leaf, 'level' as what, concat_ws(' / ', employer, level) as unknown_text
    from texts
    where level is not null and coalesce(level_basis, 'experience') = 'experience'
    union all
    select source, leaf, 'place' as what, place as unknown_text
    from texts
    where known_country is null and place is not null
),

core_leaves as (
    select leaf
    from view_groups
    where view = 'leaf' and group_id = 'all'
),

whole as (
    select source, count(*) as reports
    from texts
    group by source
)

select
    u.source,
    u.what,
    u.unknown_text,
    count(*) as reports,
    sum(case when u.leaf = 'unclassified' or c.leaf is not null then 1 else 0 end) as core_reports,
    count(*) / any_value(w.reports) as share
from unmatched as u
inner join whole as w on u.source = w.source
left join core_leaves as c on u.leaf = c.leaf
group by u.source, u.what, u.unknown_text
order by
    core_reports desc, count(*) desc, u.source asc nulls last, u.what asc nulls last, u.unknown_text asc nulls last
