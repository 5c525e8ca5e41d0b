-- Grain: claim_id, pay_metric, claims of rank alone: the rank of the claimed group by its premium, and the best and
-- worst that it may be. A group whose premium is not identified may stand above or below.
-- Inputs: claim_ranges, premiums. The groups that a source ranks are those that it makes a claim of rank about.
with
ranked_groups as (
    select distinct source, view, group_id
    from claim_ranges
    where kind = 'rank'
),

known as (
    select view, group_id, baseline, metric, tier, level, premium, premium_low, premium_high
    from premiums
    where identified and premium is not null and premium_low is not null and premium_high is not null
),

compared as (
    select
        c.claim_id,
        c.pay_metric,
        own.premium is not null as is_known,
        o.premium > own.premium as is_higher,
        o.premium_low > own.premium_high as is_surely_above,
        o.premium_high < own.premium_low as is_surely_below
    from claim_ranges as c
    inner join ranked_groups as g on c.source = g.source
    left join known as own
        on
            c.view = own.view
            and c.group_id = own.group_id
            and c.baseline = own.baseline
            and c.pay_metric = own.metric
            and c.tier = own.tier
            and c.level = own.level
    left join known as o
        on
            g.view = o.view
            and g.group_id = o.group_id
            and c.baseline = o.baseline
            and c.pay_metric = o.metric
            and c.tier = o.tier
            and c.level = o.level
    where c.kind = 'rank'
)

select
    claim_id,
    pay_metric,
    1 + count(case when is_higher then 1 end) as figure,
    1 + count(case when is_surely_above then 1 end) as low,
    count(*) - count(case when is_surely_below then 1 end) as high
from compared
where is_known
group by claim_id, pay_metric
