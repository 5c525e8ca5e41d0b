-- Grain: view, group_id, evidence, tier, level, market, metric.
-- Inputs: disclosed_cells, pooled_cells, instead_of_cells, group_labels, group_names, grid, refresh.
-- Every cell of enough reports to be pooled, shown or suppressed, and every cell of the grid of groups, tiers and
-- levels in the US. Groups of the same leaves are computed once, as the first of them, and published under each name. A
-- suppressed row has no figure, no share. No count of people's reports or employers below 10 is published. Figures are
-- rounded last, after all tests.
with
pooled as (
    select
        cell,
        'pooled' as basis,
        max(case when percentile = 25 then pay end) as p25,
        max(case when percentile = 25 then low end) as p25_low,
        max(case when percentile = 25 then high end) as p25_high,
        max(case when percentile = 50 then pay end) as p50,
        max(case when percentile = 50 then low end) as p50_low,
        max(case when percentile = 50 then high end) as p50_high,
        max(case when percentile = 75 then pay end) as p75,
        max(case when percentile = 75 then low end) as p75_low,
        max(case when percentile = 75 then high end) as p75_high,
        max(case when percentile = 50 then shrinkage_weight end) as shrinkage_weight,
        max(case when percentile = 50 then effective end) as effective
    from pooled_cells
    group by cell
),

-- a cell without a median is not shown, nor is a figure without an interval
figures as (
    select
        d.cell,
        'direct' as basis,
        case when d.p10_low is not null then d.p10 end as p10,
        d.p10_low,
        d.p10_high,
        case when d.p25_low is not null then d.p25 end as p25,
        d.p25_low,
        d.p25_high,
        d.p50,
        d.p50_low,
        d.p50_high,
        case when d.p75_low is not null then d.p75 end as p75,
        d.p75_low,
        d.p75_high,
        case when d.p90_low is not null then d.p90 end as p90,
        d.p90_low,
        d.p90_high,
        null as shrinkage_weight,
        d.p50_effective as effective
    from disclosed_cells as d
    left join pooled as k on d.cell = k.cell
    where d.suppression_reason is null and d.p50_low is not null and k.cell is null
    union all by name
    select * from pooled
),

published as (
    select
        n.view,
        n.group_id,
        d.evidence,
        d.tier,
        d.level,
        d.market,
        d.metric
    from disclosed_cells as d
    inner join group_names as n on d.view = n.first_view and d.group_id = n.first_group_id
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
    case when d.n_reports >= 10 then d.n_reports end as n_reports,
    case when f.cell is not null then round(f.effective, 2) end as n_effective,
    case
        when d.n_employers >= 10 or (f.cell is not null and p.evidence = 'advertised') then d.n_employers
    end as n_employers,
    case when f.cell is not null then rounded_ratio(d.employers_known_share) end as employers_known_share,
    case when f.cell is not null then rounded_ratio(d.top_employer_share) end as top_employer_share,
    case when f.cell is not null then d.top_employer_share > r.concentrated_share end as concentrated,
    case when f.cell is not null then rounded_ratio(d.top_source_share) end as top_source_share,
    case when f.cell is not null then rounded_ratio(d.verified_share) end as verified_share,
    case when f.cell is not null then rounded_ratio(d.level_inferred_share) end as level_inferred_share,
    case when f.cell is not null then d.median_age_days end as median_age_days,
    coalesce(f.basis, 'suppressed') as basis,
    rounded_ratio(f.shrinkage_weight) as shrinkage_weight,
    case
        when d.cell is null then 'few_reports'
        when f.cell is null then coalesce(d.suppression_reason, 'low_effective_n')
    end as suppression_reason,
    rounded_usd(f.p10) as p10,
    rounded_usd(f.p10_low) as p10_low,
    rounded_usd(f.p10_high) as p10_high,
    precision_word(f.p10, f.p10_low, f.p10_high) as p10_precision,
    rounded_usd(f.p25) as p25,
    rounded_usd(f.p25_low) as p25_low,
    rounded_usd(f.p25_high) as p25_high,
    precision_word(f.p25, f.p25_low, f.p25_high) as p25_precision,
    rounded_usd(f.p50) as p50,
    rounded_usd(f.p50_low) as p50_low,
    rounded_usd(f.p50_high) as p50_high,
    precision_word(f.p50, f.p50_low, f.p50_high) as p50_precision,
    rounded_usd(f.p75) as p75,
    rounded_usd(f.p75_low) as p75_low,
    rounded_usd(f.p75_high) as p75_high,
    precision_word(f.p75, f.p75_low, f.p75_high) as p75_precision,
    rounded_usd(f.p90) as p90,
    rounded_usd(f.p90_low) as p90_low,
    rounded_usd(f.p90_high) as p90_high,
    precision_word(f.p90, f.p90_low, f.p90_high) as p90_precision,
    case when f.basis = 'direct' then round(d.max_shift_p50, 2) + 0 end as max_shift_p50,
    case when f.basis = 'direct' then round(d.max_shift_p90, 2) + 0 end as max_shift_p90,
    case when f.basis = 'direct' then d.shift_by end as shift_by,
    case
        when f.basis = 'direct'
            then round(greatest(coalesce(d.max_shift_p50, 0), coalesce(d.max_shift_p90, 0)), 2) > r.fragile_shift
    end as fragile,
    -- the model's estimate of a cell has the same names as the cell
    case when f.cell is null and u.use_basis = 'modelled' then p.view when f.cell is null then u.use_view end
        as use_instead_view,
    case when f.cell is null and u.use_basis = 'modelled' then p.group_id when f.cell is null then u.use_group_id end
        as use_instead_group_id,
    case when f.cell is null then u.use_tier end as use_instead_tier,
    case when f.cell is null then u.use_level end as use_instead_level,
    case when f.cell is null then u.use_market end as use_instead_market,
    case when f.cell is null then u.use_basis end as use_instead_basis,
    case when f.cell is null then u.use_distance end as use_instead_distance,
    r.method_version
from published as p
cross join refresh as r
inner join group_labels as g on p.view = g.view and p.group_id = g.group_id
inner join group_names as n on p.view = n.view and p.group_id = n.group_id
left join disclosed_cells as d
    on
        n.first_view = d.view
        and n.first_group_id = d.group_id
        and p.evidence = d.evidence
        and p.tier = d.tier
        and p.level = d.level
        and p.market = d.market
        and p.metric = d.metric
left join figures as f on d.cell = f.cell
left join instead_of_cells as u
    on
        n.first_view = u.view
        and n.first_group_id = u.group_id
        and p.evidence = u.evidence
        and p.tier = u.tier
        and p.level = u.level
        and p.market = u.market
        and p.metric = u.metric
order by
    p.view asc nulls last,
    p.group_id asc nulls last,
    p.evidence asc nulls last,
    p.tier asc nulls last,
    p.level asc nulls last,
    p.market asc nulls last,
    p.metric asc nulls last
