-- Grain: view, group_id, evidence, tier, level, market, metric.
-- Inputs: disclosed_cells, percentiles, intervals, pooled_cells, effective_sizes, instead_of_cells, group_labels,
-- group_names, grid, refresh.
-- Every cell of enough reports to be pooled, shown or suppressed, and every cell of the grid of groups, tiers and
-- levels in the US. Groups of the same leaves are computed once, as the first of them, and published under each name. A
-- suppressed row has no figure, no share. No count of people's reports or employers below 10 is published. Figures are
-- rounded last, after all tests.
with
pooled as (
    select cell, shrinkage_weight, effective
    from pooled_cells
    where percentile = 50
),

bounded as (
    select i.cell, i.percentile, p.pay, i.low, i.high
    from intervals as i
    inner join percentiles as p on i.cell = p.cell and i.percentile = p.percentile
    inner join disclosed_cells as d on i.cell = d.cell
    left join pooled as k on i.cell = k.cell
    where d.suppression_reason is null and k.cell is null
    union all
    select cell, percentile, pay, low, high from pooled_cells
),

-- the coefficient of variation, half the interval over 1.96 times the figure, in the words of the UK ONS
worded as (
    select
        cell,
        percentile,
        case
            when high - low <= 0.05 * 2 * 1.96 * pay then 'precise'
            when high - low <= 0.10 * 2 * 1.96 * pay then 'reasonably_precise'
            when high - low <= 0.20 * 2 * 1.96 * pay then 'acceptable'
            else 'unreliable'
        end as precision_word
    from bounded
),

amounts as (
    select cell, percentile, 'figure' as kind, pay as usd from bounded
    union all
    select cell, percentile, 'low' as kind, low as usd from bounded
    union all
    select cell, percentile, 'high' as kind, high as usd from bounded
),

rounded as (
    select
        cell,
        percentile,
        kind,
        rounded_usd(usd) as usd
    from amounts
),

figures as (
    select
        r.cell,
        max(case when r.percentile = 10 and r.kind = 'figure' then r.usd end) as p10,
        max(case when r.percentile = 10 and r.kind = 'low' then r.usd end) as p10_low,
        max(case when r.percentile = 10 and r.kind = 'high' then r.usd end) as p10_high,
        max(case when r.percentile = 10 then w.precision_word end) as p10_precision,
        max(case when r.percentile = 25 and r.kind = 'figure' then r.usd end) as p25,
        max(case when r.percentile = 25 and r.kind = 'low' then r.usd end) as p25_low,
        max(case when r.percentile = 25 and r.kind = 'high' then r.usd end) as p25_high,
        max(case when r.percentile = 25 then w.precision_word end) as p25_precision,
        max(case when r.percentile = 50 and r.kind = 'figure' then r.usd end) as p50,
        max(case when r.percentile = 50 and r.kind = 'low' then r.usd end) as p50_low,
        max(case when r.percentile = 50 and r.kind = 'high' then r.usd end) as p50_high,
        max(case when r.percentile = 50 then w.precision_word end) as p50_precision,
        max(case when r.percentile = 75 and r.kind = 'figure' then r.usd end) as p75,
        max(case when r.percentile = 75 and r.kind = 'low' then r.usd end) as p75_low,
        max(case when r.percentile = 75 and r.kind = 'high' then r.usd end) as p75_high,
        max(case when r.percentile = 75 then w.precision_word end) as p75_precision,
        max(case when r.percentile = 90 and r.kind = 'figure' then r.usd end) as p90,
        max(case when r.percentile = 90 and r.kind = 'low' then r.usd end) as p90_low,
        max(case when r.percentile = 90 and r.kind = 'high' then r.usd end) as p90_high,
        max(case when r.percentile = 90 then w.precision_word end) as p90_precision
    from rounded as r
    inner join worded as w on r.cell = w.cell and r.percentile = w.percentile
    group by r.cell
    -- a cell without a median is not shown
    having max(case when r.percentile = 50 then r.usd end) is not null
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
    case when f.cell is not null then round(coalesce(k.effective, e.effective), 2) end as n_effective,
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
    case when k.cell is not null then 'pooled' when f.cell is not null then 'direct' else 'suppressed' end as basis,
    rounded_ratio(k.shrinkage_weight) as shrinkage_weight,
    case
        when d.cell is null then 'few_reports'
        when f.cell is null then coalesce(d.suppression_reason, 'low_effective_n')
    end as suppression_reason,
    f.p10,
    f.p10_low,
    f.p10_high,
    f.p10_precision,
    f.p25,
    f.p25_low,
    f.p25_high,
    f.p25_precision,
    f.p50,
    f.p50_low,
    f.p50_high,
    f.p50_precision,
    f.p75,
    f.p75_low,
    f.p75_high,
    f.p75_precision,
    f.p90,
    f.p90_low,
    f.p90_high,
    f.p90_precision,
    case when f.cell is not null and k.cell is null then round(d.max_shift_p50, 2) + 0 end as max_shift_p50,
    case when f.cell is not null and k.cell is null then round(d.max_shift_p90, 2) + 0 end as max_shift_p90,
    case when f.cell is not null and k.cell is null then d.shift_by end as shift_by,
    case
        when f.cell is not null and k.cell is null
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
left join pooled as k on f.cell = k.cell
left join effective_sizes as e on f.cell = e.cell and e.percentile = 50
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
