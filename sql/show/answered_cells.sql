-- Grain: view, group_id, evidence, tier, level, market, metric: the bands, and cells that only the model knows, which
-- are suppressed for few reports.
-- Inputs: bands, estimates, cards.
-- The columns answer_... are of what answers for a suppressed cell: what the model says of it, else the nearest shown
-- cell, or what the model says of the country of a metro.
with
cells as (
    select * from bands
    union all by name
    select
        e.release,
        e.as_of,
        e.view,
        e.group_id,
        c.label as group_label,
        e.evidence,
        e.tier,
        e.level,
        e.market,
        e.metric,
        'suppressed' as basis,
        'few_reports' as suppression_reason,
        e.method_version
    from estimates as e
    inner join cards as c on e.view = c.view and e.group_id = c.group_id
    anti join bands as b
        on
            e.view = b.view
            and e.group_id = b.group_id
            and e.evidence = b.evidence
            and e.tier = b.tier
            and e.level = b.level
            and e.market = b.market
            and e.metric = b.metric
)

select
    c.*,
    case when e.view is not null then 'modelled' else n.basis end as answer_basis,
    case
        when e.market <> c.market
            then 'what the model says of the country, since it does not identify the metro'
        when e.view is not null then 'what the model adds up from group, tier, level and market'
        when n.view is null then 'no answer: the model does not know the cell, and none is shown'
        when c.use_instead_distance >= 0.75 then 'the nearest shown cell; how much it differs is not known'
        else
            concat(
                'the nearest shown cell, which differs by some ',
                cast(round(100 * (exp(c.use_instead_distance) - 1)) as integer),
                ' % in the model'
            )
    end as answer_why,
    coalesce(c.use_instead_distance, case when e.view is not null then 0.0 end) as answer_distance,
    case
        when e.view is not null
            then [case when c.market <> e.market then concat('market ', c.market, ' to ', e.market) end]
        else
            [
                case
                    when c.view <> n.view or c.group_id <> n.group_id
                        then concat(c.view, ' ', c.group_id, ' to ', n.view, ' ', n.group_id)
                end,
                case when c.tier <> n.tier then concat('tier ', c.tier, ' to ', n.tier) end,
                case when c.level <> n.level then concat('level ', c.level, ' to ', n.level) end,
                case when c.market <> n.market then concat('market ', c.market, ' to ', n.market) end
            ]
    end as answer_fallback,
    coalesce(e.view, n.view) as answer_view,
    coalesce(e.group_id, n.group_id) as answer_group_id,
    coalesce(e.tier, n.tier) as answer_tier,
    coalesce(e.level, n.level) as answer_level,
    coalesce(e.market, n.market) as answer_market,
    n.n_reports as answer_n_reports,
    coalesce(e.n_near, n.n_effective) as answer_n_effective,
    case when e.view is null then n.p10 else e.person_p10 end as answer_p10,
    case when e.view is null then n.p25 else e.person_p25 end as answer_p25,
    case when e.view is null then n.p50 else e.p50 end as answer_p50,
    case when e.view is null then n.p50_low else e.p50_low end as answer_p50_low,
    case when e.view is null then n.p50_high else e.p50_high end as answer_p50_high,
    case
        when e.view is null then n.p50_precision
        when e.p50_high - e.p50_low <= 0.05 * 2 * 1.96 * e.p50 then 'precise'
        when e.p50_high - e.p50_low <= 0.10 * 2 * 1.96 * e.p50 then 'reasonably_precise'
        when e.p50_high - e.p50_low <= 0.20 * 2 * 1.96 * e.p50 then 'acceptable'
        else 'unreliable'
    end as answer_p50_precision,
    case when e.view is null then n.p75 else e.person_p75 end as answer_p75,
    case when e.view is null then n.p90 else e.person_p90 end as answer_p90
from cells as c
left join estimates as e
    on
        c.view = e.view
        and c.group_id = e.group_id
        and c.evidence = e.evidence
        and c.tier = e.tier
        and c.level = e.level
        -- of the cell itself, or of the country of its metro
        and coalesce(case when c.use_instead_basis = 'modelled' then c.use_instead_market end, c.market) = e.market
        and c.metric = e.metric
        and c.basis = 'suppressed'
left join bands as n
    on
        e.view is null
        and c.use_instead_view = n.view
        and c.use_instead_group_id = n.group_id
        and c.evidence = n.evidence
        and c.use_instead_tier = n.tier
        and c.use_instead_level = n.level
        and c.use_instead_market = n.market
        and c.metric = n.metric
order by
    c.view asc nulls last,
    c.group_id asc nulls last,
    c.evidence asc nulls last,
    c.tier asc nulls last,
    c.level asc nulls last,
    c.market asc nulls last,
    c.metric asc nulls last
