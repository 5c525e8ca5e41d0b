-- Grain: one row per used report.
-- Inputs: window_reports, view_groups.
-- is_modelled: a report of machine learning whose tier, level and country are known, the level not from years of
-- experience: one that lacks any would carry what it lacks into the premium of its leaf.
select
    w.*,
    w.evidence = 'reported'
    and g.leaf is not null
    and w.tier <> 'unknown'
    and w.level is not null
    and coalesce(w.level_basis <> 'experience', false)
    and w.country is not null as is_modelled
from window_reports as w
left join view_groups as g on w.leaf = g.leaf and g.view = 'leaf' and g.group_id = 'all'
where w.disposition = 'used'
