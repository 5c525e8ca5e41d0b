-- Grain: claim_id, pay_metric of claims about pay: the used reports in the cell, their weight, and the weight within
-- the claimed range.
-- Inputs: claim_ranges, window_reports, view_groups.
-- Weights are integers, so the order of rows does not matter.
with
asked as (
    select c.*, g.leaf
    from claim_ranges as c
    inner join view_groups as g on c.view = g.view and c.group_id = g.group_id
    where c.kind = 'pay'
),

reports as (
    select leaf, tier, level, stage, country, metro, base, total, weight
    from window_reports
    where disposition = 'used' and evidence = 'reported'
),

matched as (
    select
        a.claim_id,
        a.pay_metric,
        a.range_low,
        a.range_high,
        r.weight,
        case a.pay_metric when 'base' then r.base else r.total end as pay
    from reports as r
    inner join asked as a
        on
            r.leaf = a.leaf
            and (a.tier = 'all' or r.tier = a.tier)
            and (a.level = 'all' or r.level = a.level or r.stage = a.level)
            and (a.market = 'global' or r.country = a.market or r.metro = a.market)
)

select
    claim_id,
    pay_metric,
    count(*) as reports,
    sum(weight) as weight,
    sum(
        case when pay >= range_low and (range_high is null or pay <= range_high) then weight else 0 end
    ) as inside_weight
from matched
where pay is not null
group by claim_id, pay_metric
