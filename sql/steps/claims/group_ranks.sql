-- Grain: ranking, view, group_id: the rank of each group by its premium, 1 being the highest, and the best and worst
-- rank that the intervals of premiums allow.
-- Inputs: ranked_groups (ranking, view, group_id, baseline, metric, tier, level), premiums.
-- A group without an identified premium has no row here, but may be above or below every other.
with
placed as (
    select
        g.ranking,
        g.view,
        g.group_id,
        p.premium,
        p.premium_low,
        p.premium_high
    from ranked_groups as g
    left join premiums as p
        on
            g.view = p.view
            and g.group_id = p.group_id
            and g.baseline = p.baseline
            and g.metric = p.metric
            and g.tier = p.tier
            and g.level = p.level
            and p.identified
            and p.premium is not null
            and p.premium_low is not null
            and p.premium_high is not null
)

select
    own.ranking,
    own.view,
    own.group_id,
    1 + count(case when o.premium > own.premium then 1 end) as "rank",
    1 + count(case when o.premium_low > own.premium_high then 1 end) as best,
    count(*) - count(case when o.premium_high < own.premium_low then 1 end) as worst
from placed as own
inner join placed as o on own.ranking = o.ranking
where own.premium is not null
group by own.ranking, own.view, own.group_id
