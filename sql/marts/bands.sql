-- Grain: view, group_id, evidence, tier, level, market, metric.
-- Inputs: disclosed_cells, percentiles, group_labels, grid, refresh. All cells that are shown, and the suppressed ones
-- of the (group, tier, level) grid in US. What is suppressed has neither figures nor shares nor a count below 10.
-- Rounded half up to 500 USD, below 50,000 to 100, after all tests.
with
rounded_percentiles as (
    select
        cell,
        percentile,
        cast(
            case
                when pay < 50000 then floor(pay / 100 + 0.5) * 100
                else floor(pay / 500 + 0.5) * 500
            end as bigint
        ) as rounded
    from percentiles
),

figures as (
    select
        cell,
        max(case when percentile = 10 then rounded end) as p10,
        max(case when percentile = 25 then rounded end) as p25,
        max(case when percentile = 50 then rounded end) as p50,
        max(case when percentile = 75 then rounded end) as p75,
        max(case when percentile = 90 then rounded end) as p90
    from rounded_percentiles
    group by cell
),

published as (
    select
        view,
        group_id,
        evidence,
        tier,
        level,
        market,
        metric
    from disclosed_cells
    where suppression_reason is null
    union
    select
        view,
        group_id,
        evidence,
        tier,
        level,
        market,
        metric
    from grid
)

select
    r.release,
    cast(r.as_of as timestamp) as as_of,
    p.view,
    p.group_id,
    g.group_label,
    p.evidence,
    p.tier,
    p.level,
    p.market,
    p.metric,
    case when d.suppression_reason is null or d.n_reports >= 10 then d.n_reports end as n_reports,
    cast(null as double) as n_effective,
    case when d.suppression_reason is null or d.n_employers >= 10 then d.n_employers end as n_employers,
    case when f.cell is not null then round(d.employers_known_share, 4) end as employers_known_share,
    case when f.cell is not null then round(d.top_employer_share, 4) end as top_employer_share,
    case when f.cell is not null then d.top_employer_share > r.concentrated_share end as concentrated,
    case when f.cell is not null then round(d.top_source_share, 4) end as top_source_share,
    case when f.cell is not null then round(d.verified_share, 4) end as verified_share,
    case when f.cell is not null then round(d.level_inferred_share, 4) end as level_inferred_share,
    case when f.cell is not null then d.median_age_days end as median_age_days,
    case when f.cell is not null then 'direct' else 'suppressed' end as basis,
    cast(null as double) as shrinkage_weight,
    case when f.cell is null then coalesce(d.suppression_reason, 'few_reports') end as suppression_reason,
    f.p10,
    cast(null as bigint) as p10_low,
    cast(null as bigint) as p10_high,
    cast(null as varchar) as p10_precision,
    f.p25,
    cast(null as bigint) as p25_low,
    cast(null as bigint) as p25_high,
    cast(null as varchar) as p25_precision,
    f.p50,
    cast(null as bigint) as p50_low,
    cast(null as bigint) as p50_high,
    cast(null as varchar) as p50_precision,
    f.p75,
    cast(null as bigint) as p75_low,
    cast(null as bigint) as p75_high,
    cast(null as varchar) as p75_precision,
    f.p90,
    cast(null as bigint) as p90_low,
    cast(null as bigint) as p90_high,
    cast(null as varchar) as p90_precision,
    cast(null as double) as max_shift_p50,
    cast(null as double) as max_shift_p90,
    cast(null as varchar) as shift_by,
    cast(null as boolean) as fragile,
    r.method_version
from published as p
cross join refresh as r
inner join group_labels as g on p.view = g.view and p.group_id = g.group_id
left join disclosed_cells as d
    on
        p.view = d.view
        and p.group_id = d.group_id
        and p.evidence = d.evidence
        and p.tier = d.tier
        and p.level = d.level
        and p.market = d.market
        and p.metric = d.metric
left join figures as f on d.cell = f.cell
order by
    p.view asc nulls last,
    p.group_id asc nulls last,
    p.evidence asc nulls last,
    p.tier asc nulls last,
    p.level asc nulls last,
    p.market asc nulls last,
    p.metric asc nulls last
