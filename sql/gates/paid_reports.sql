-- Grain: one row per metric and used report of a compared cell, with the export and week that it is new in.
-- Inputs: used_reports, profiles, cell_profiles, new_reports.
with
placed as (
    select
        p.profile,
        w.weight,
        w.base,
        w.total,
        n.source,
        n.file as new_file,
        n.iso_week as new_week
    from used_reports as w
    inner join profiles as p
        on
            w.leaf = p.leaf
            and w.evidence = p.evidence
            and w.tier = p.tier
            and coalesce(w.level, '') = p.level
            and coalesce(w.stage, '') = p.stage
            and coalesce(w.country, '') = p.country
            and coalesce(w.metro, '') = p.metro
    left join new_reports as n on w.export_sha256 = n.export_sha256 and w."row" = n."row"
    where p.profile in (select c.profile from cell_profiles as c)
),

long as (
    select *, 'base' as metric, base as pay from placed
    union all
    select *, 'total' as metric, total as pay from placed
)

select profile, metric, pay, weight, source, new_file, new_week
from long
where pay is not null
