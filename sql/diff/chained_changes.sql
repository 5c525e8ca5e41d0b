-- Grain: view, group_id, evidence, tier, level, market, metric: cells whose median differs between two releases.
-- Inputs: changed_cells (of the two releases), links (changes of every release after the first, up to the second),
-- unlinked (reason: null if the links lead from one release to the other).
-- Parts are summed over the links; they are null for a cell that was added or removed on the way.
with
summed as (
    select
        view,
        group_id,
        evidence,
        tier,
        level,
        market,
        metric,
        cast(sum(restated) as bigint) as restated,
        cast(sum(pay) as bigint) as pay,
        cast(sum(mix) as bigint) as mix,
        count(*) = count(restated) and count(*) = count(pay) and count(*) = count(mix) as is_told,
        string_agg(distinct reason, ', ' order by reason asc nulls last) as reason
    from links
    group by view, group_id, evidence, tier, level, market, metric
)

select
    c.view,
    c.group_id,
    c.evidence,
    c.tier,
    c.level,
    c.market,
    c.metric,
    c.change,
    c.old,
    c.new,
    case when s.is_told then s.restated end as restated,
    case when s.is_told then s.pay end as pay,
    case when s.is_told then s.mix end as mix,
    coalesce(u.reason, s.reason) as reason
from changed_cells as c
cross join unlinked as u
left join summed as s
    on
        c.view = s.view
        and c.group_id = s.group_id
        and c.evidence = s.evidence
        and c.tier = s.tier
        and c.level = s.level
        and c.market = s.market
        and c.metric = s.metric
order by
    c.view asc nulls last,
    c.group_id asc nulls last,
    c.evidence asc nulls last,
    c.tier asc nulls last,
    c.level asc nulls last,
    c.market asc nulls last,
    c.metric asc nulls last
