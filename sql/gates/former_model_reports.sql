-- Grain: metric, source, row_hash: reports that sources with new exports no longer deliver.
-- Inputs: window_reports, new_exports (export_sha256, source), former_reports (parts), former_exports (export_key,
-- source), model_reports, view_groups, refresh.
-- These are rows that a newer delivery supersedes, and rows of overwritten exports whose parts are still in the work
-- folder. Columns are those of model_reports, all with the same weight. A report outside the range of the modelled
-- reports of its level and country is left out, since it was never tested against a fence.
with
superseded as (
    select *
    from window_reports
    where disposition = 'superseded' and source in (select n.source from new_exports as n)
),

said as (
    select
        source, row_hash, evidence, scope_reason, leaf, tier, level, level_basis, country, metro, employer, base, total,
        cast(report_date as timestamp) as said_at
    from superseded
    union all
    select
        f.source, r.row_hash, r.evidence, r.scope_reason, r.leaf, r.tier, r.level, r.level_basis, r.country, r.metro,
        r.employer, r.base, r.total,
        coalesce(cast(r.submitted_at as timestamp), make_timestamp(r.submitted_year, 7, 1, 0, 0, 0)) as said_at
    from former_reports as r
    inner join former_exports as f on r.export_key = f.export_key
),

complete as (
    select s.*
    from said as s
    inner join view_groups as g on s.leaf = g.leaf and g.view = 'leaf' and g.group_id = 'all'
    cross join refresh as r
    where
        s.evidence = 'reported'
        and s.scope_reason is null
        and is_placed(s.tier, s.level, s.level_basis, s.country)
        and s.said_at > r.window_start
),

paid as (
    select *, 'base' as metric, base as pay from complete
    union all
    select *, 'total' as metric, total as pay from complete
),

logged as (
    select *, fixed_log(pay) as y
    from paid
    where pay is not null
    qualify row_number() over (partition by metric, source, row_hash order by said_at desc nulls last) = 1
),

ranges as (
    select metric, level, country, min(y) as lowest, max(y) as highest
    from model_reports
    where is_modelled
    group by metric, level, country
),

markets as (
    select distinct metric, market from model_reports where is_modelled
)

select
    l.metric,
    l.leaf,
    l.tier,
    l.level,
    coalesce(m.market, c.market, 'global') as market,
    strftime(l.said_at, '%Y-%m') as month,
    l.source,
    l.employer,
    1048576 as weight,
    l.y
from logged as l
inner join ranges as r
    on l.metric = r.metric and l.level = r.level and l.country = r.country and l.y between r.lowest and r.highest
left join markets as m on l.metric = m.metric and l.metro = m.market
left join markets as c on l.metric = c.metric and l.country = c.market
