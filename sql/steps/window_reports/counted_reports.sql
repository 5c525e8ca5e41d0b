-- Grain: one row per report that a cell may have: those used, and expired ones, which leave a cell five at a time.
-- Inputs: window_reports, view_groups.
-- is_modelled is true for reports of machine learning whose tier, level and country are known: an unknown one would
-- bias the premium of the leaf. is_predicted is true for those that predictions rest on: an unknown tier and a level
-- from experience are values like any other there, since such reports are in the cells that are predicted.
select
    w.*,
    w.expired_on is not null as is_expired,
    w.evidence = 'reported'
    and g.leaf is not null
    and is_placed(w.tier, w.level, w.level_basis, w.country) as is_modelled,
    w.evidence = 'reported' and g.leaf is not null and w.level is not null and w.country is not null as is_predicted
from window_reports as w
left join view_groups as g on w.leaf = g.leaf and g.view = 'leaf' and g.group_id = 'all'
where w.disposition = 'used' or w.expired_on is not null
