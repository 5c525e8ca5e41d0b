-- Grain: view, group_id, evidence, tier, level, market, metric: cells whose median differs between two releases.
-- Inputs: changed_cells (of the two releases), chained_parts, distinguished_cells, chain (is_measured: one release
-- follows the other and says what can be told from noise; reason: null if links lead from one to the other).
-- Parts are summed over the links; they are null for a cell that was added or removed on the way. As in `changes`,
-- `restated` may be known where `pay` and `mix` are not.
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
    s.restated,
    case when s.restated is not null and s.pay is not null and s.mix is not null then s.pay end as pay,
    case when s.restated is not null and s.pay is not null and s.mix is not null then s.mix end as mix,
    case when h.is_measured then s.difference_low else d.difference_low end as difference_low,
    case when h.is_measured then s.difference_high else d.difference_high end as difference_high,
    case when h.is_measured then s.distinguishable else d.distinguishable end as distinguishable,
    coalesce(h.reason, s.reason) as reason
from changed_cells as c
cross join chain as h
left join chained_parts as s
    on
        c.view = s.view
        and c.group_id = s.group_id
        and c.evidence = s.evidence
        and c.tier = s.tier
        and c.level = s.level
        and c.market = s.market
        and c.metric = s.metric
left join distinguished_cells as d
    on
        c.view = d.view
        and c.group_id = d.group_id
        and c.evidence = d.evidence
        and c.tier = d.tier
        and c.level = d.level
        and c.market = d.market
        and c.metric = d.metric
order by
    c.view asc nulls last,
    c.group_id asc nulls last,
    c.evidence asc nulls last,
    c.tier asc nulls last,
    c.level asc nulls last,
    c.market asc nulls last,
    c.metric asc nulls last
