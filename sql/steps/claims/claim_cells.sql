-- Grain: claim_id, pay_metric of claims about pay: the reports that the cell has, their weight, and the weight within
-- the claimed range.
-- Inputs: claim_ranges, window_reports, view_groups.
-- The cell takes reports in and lets them go in fives, as cells of bands do (statistics/batches.py), so that no share
-- tells what one report is. Weights are integers, so the order of rows does not matter.
with
asked as (
    select c.*, g.leaf
    from claim_ranges as c
    inner join view_groups as g on c.view = g.view and c.group_id = g.group_id
    where c.kind = 'pay'
),

reports as (
    select *
    from window_reports
    where evidence = 'reported' and (disposition = 'used' or expired_on is not null)
),

matched as (
    select
        a.claim_id,
        a.pay_metric,
        a.range_low,
        a.range_high,
        r.weight,
        r.delivered_on,
        r.expired_on,
        r.report_date,
        r.row_hash,
        r.export_sha256,
        r."row",
        case a.pay_metric when 'base' then r.base else r.total end as pay
    from reports as r
    inner join asked as a
        on
            r.leaf = a.leaf
            and (a.tier = 'all' or r.tier = a.tier)
            and (a.level = 'all' or r.level = a.level or r.stage = a.level)
            and (a.market = 'global' or r.country = a.market or r.metro = a.market)
),

arrived as (
    select
        *,
        count(*) over (partition by claim_id, pay_metric) as of_arrived,
        row_number() over (
            partition by claim_id, pay_metric
            order by
                delivered_on asc nulls last,
                report_date asc nulls last,
                row_hash asc nulls last,
                export_sha256 asc nulls last,
                "row" asc nulls last
        ) as arrival
    from matched
    where pay is not null
),

entered as (
    select
        *,
        count(expired_on) over (partition by claim_id, pay_metric) as of_expired,
        row_number() over (
            partition by claim_id, pay_metric
            order by
                expired_on asc nulls last,
                report_date asc nulls last,
                row_hash asc nulls last,
                export_sha256 asc nulls last,
                "row" asc nulls last
        ) as expiry
    from arrived
    where arrival <= of_arrived - of_arrived % 5
)

select
    claim_id,
    pay_metric,
    count(*) as reports,
    sum(weight) as weight,
    sum(
        case when pay >= range_low and (range_high is null or pay <= range_high) then weight else 0 end
    ) as inside_weight
from entered
where expired_on is null or expiry > of_expired - of_expired % 5
group by claim_id, pay_metric
