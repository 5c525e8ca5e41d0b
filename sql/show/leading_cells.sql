-- Grain: group_id, level, tier, market, metric: what a release can show best, the shown base and total of some groups.
-- Inputs: bands, leading_groups (group_id, place: of the view `leaf`, from wide to narrow).
-- Levels and tiers are of the US, each over all of the other; countries and metros are over all of both. The rows of a
-- group are in that order, countries and metros by reports.
select
    'leaf' as view,
    b.group_id,
    b.group_label,
    b.tier,
    b.level,
    b.market,
    b.metric,
    b.n_reports,
    b.p25,
    b.p50,
    b.p50_low,
    b.p50_high,
    b.p50_precision,
    b.p75,
    b.basis
from bands as b
inner join leading_groups as g on b.group_id = g.group_id
where
    b.view = 'leaf'
    and b.evidence = 'reported'
    and b.metric in ('base', 'total')
    and b.basis <> 'suppressed'
    and (
        (b.market = 'US' and (b.tier = 'all' or b.level = 'all'))
        or (b.tier = 'all' and b.level = 'all')
    )
order by
    g.place asc nulls last,
    b.market <> 'US' asc nulls last,
    b.tier <> 'all' asc nulls last,
    b.tier asc nulls last,
    b.level <> 'all' asc nulls last,
    b.level asc nulls last,
    length(b.market) > 2 and b.market <> 'global' asc nulls last,
    case when b.market <> 'US' then max(b.n_reports) over (partition by b.group_id, b.market) end desc nulls last,
    b.market asc nulls last,
    b.metric asc nulls last
