-- Grain: one row: the number of reports in scope and in the window, and of those whose title, employer, level or place
-- is stated but unknown to the reference data.
-- Inputs: window_reports, accepted_reports (parts), exports.
with
scoped as (
    select export_sha256, "row", leaf, tier, employer, level_basis, country
    from window_reports
    where is_in_scope(disposition)
),

-- texts are read only for rows whose level or place is unknown
unplaced as (
    select
        s.country is null and coalesce(a.location, a.country) is not null as is_place_unknown,
        coalesce(s.level_basis, 'experience') = 'experience' and a.level is not null as is_level_unknown
    from scoped as s
    inner join exports as e on s.export_sha256 = e.export_sha256
    inner join accepted_reports as a on e.export_key = a.export_key and s."row" = a."row"
    where s.country is null or coalesce(s.level_basis, 'experience') = 'experience'
),

unknown_texts as (
    select
        coalesce(sum(case when is_level_unknown then 1 end), 0) as level,
        coalesce(sum(case when is_place_unknown then 1 end), 0) as place
    from unplaced
),

unknown_names as (
    select
        count(*) as reports,
        coalesce(sum(case when leaf = 'unclassified' then 1 end), 0) as title,
        coalesce(sum(case when tier = 'unknown' and employer is not null then 1 end), 0) as employer
    from scoped
)

select n.reports, n.title, n.employer, t.level, t.place
from unknown_names as n
cross join unknown_texts as t
order by n.reports asc nulls last
