-- Grain: group_id, level, tier, market, metric: what a release can show best, the shown base and total of some groups of
-- the view `leaf`.
-- Inputs: bands.
-- Parameters: groups, from wide to narrow. Levels and tiers are of the US, each over all of the other; countries and
-- metros are over all of both. The rows of a group are in that order, countries and metros by reports.
select
    'leaf' as view,
    group_id,
    group_label,
    tier,
    level,
    market,
    metric,
    n_reports,
    p25,
    p50,
    p50_low,
    p50_high,
    p50_precision,
    p75,
    basis
from bands
where
    view = 'leaf'
    and list_contains($groups, group_id)
    and evidence = 'reported'
    and metric in ('base', 'total')
    and basis <> 'suppressed'
    and (
        (market = 'US' and (tier = 'all' or level = 'all'))
        or (tier = 'all' and level = 'all')
    )
order by
    list_position($groups, group_id) asc nulls last,
    market <> 'US' asc nulls last,
    tier <> 'all' asc nulls last,
    tier asc nulls last,
    level <> 'all' asc nulls last,
    level asc nulls last,
    length(market) > 2 and market <> 'global' asc nulls last,
    case when market <> 'US' then max(n_reports) over (partition by group_id, market) end desc nulls last,
    market asc nulls last,
    metric asc nulls last
