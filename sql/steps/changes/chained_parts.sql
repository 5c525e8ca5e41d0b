-- Grain: view, group_id, evidence, tier, level, market, metric of links: the parts of each move, summed.
-- Inputs: links (changes of every release after the first, up to the second).
-- A part that one of the links does not know is null. The interval and its verdict are those of the last link.
select
    view,
    group_id,
    evidence,
    tier,
    level,
    market,
    metric,
    case when count(*) = count(restated) then cast(sum(restated) as bigint) end as restated,
    case when count(*) = count(pay) then cast(sum(pay) as bigint) end as pay,
    case when count(*) = count(mix) then cast(sum(mix) as bigint) end as mix,
    max(difference_low) as difference_low,
    max(difference_high) as difference_high,
    bool_or(distinguishable) as distinguishable,
    string_agg(distinct reason, ', ' order by reason asc nulls last) as reason
from links
group by view, group_id, evidence, tier, level, market, metric
