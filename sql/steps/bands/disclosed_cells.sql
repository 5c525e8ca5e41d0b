-- Grain: one row per cell, with the first reason to suppress it, null if it may be shown.
-- Inputs: cell_figures, distinct_groups, market_parents (market, parent), level_parents (level, parent), refresh.
-- A cell is too near to a larger one along one axis if they differ by 1 or 2 reports. It is suppressed even if the
-- larger one is suppressed too, so that raising a minimum never reveals a cell. Adverts are public: for them only the
-- minimum number of reports applies.
with
group_sizes as (
    select view, group_id, count(*) as leaves
    from distinct_groups
    group by view, group_id
),

group_parents as (
    select
        a.view,
        a.group_id,
        b.view as parent_view,
        b.group_id as parent_id
    from distinct_groups as a
    inner join distinct_groups as b on a.leaf = b.leaf
    inner join group_sizes as s on a.view = s.view and a.group_id = s.group_id
    inner join group_sizes as p on b.view = p.view and b.group_id = p.group_id
    where s.leaves < p.leaves
    group by a.view, a.group_id, b.view, b.group_id, s.leaves
    having count(*) = s.leaves
),

larger as (
    select e.cell, e.view, e.group_id, 'all' as tier, e.level, e.market, e.evidence, e.metric, e.n_reports
    from cell_figures as e
    where e.tier <> 'all'
    union all
    select e.cell, e.view, e.group_id, e.tier, p.parent as level, e.market, e.evidence, e.metric, e.n_reports
    from cell_figures as e
    inner join level_parents as p on e.level = p.level
    union all
    select e.cell, e.view, e.group_id, e.tier, e.level, p.parent as market, e.evidence, e.metric, e.n_reports
    from cell_figures as e
    inner join market_parents as p on e.market = p.market
    union all
    select
        e.cell,
        p.parent_view as view,
        p.parent_id as group_id,
        e.tier,
        e.level,
        e.market,
        e.evidence,
        e.metric,
        e.n_reports
    from cell_figures as e
    inner join group_parents as p on e.view = p.view and e.group_id = p.group_id
),

too_near as (
    select distinct l.cell
    from larger as l
    inner join cell_figures as e
        on
            l.view = e.view
            and l.group_id = e.group_id
            and l.tier = e.tier
            and l.level = e.level
            and l.market = e.market
            and l.evidence = e.evidence
            and l.metric = e.metric
    where e.n_reports - l.n_reports between 1 and 2
)

select
    e.*,
    -- thin cells of a country may be shrunk towards the model, under rules of their own
    e.evidence = 'reported'
    and e.metric in ('base', 'total')
    and e.tier <> 'unknown'
    and e.level <> 'all'
    and is_country(e.market)
    and e.n_reports >= r.min_pooled_reports
    and e.n_employers >= r.min_employers
    and e.top_employer_share <= r.max_employer_share
    and n.cell is null
    and e.modelled_weight >= r.min_modelled_share * e.weight as is_poolable,
    case
        when e.n_reports < r.min_reports then 'few_reports'
        when e.evidence = 'advertised' then null
        when e.employers_known_share >= r.min_known_employer_share and e.n_employers < r.min_employers
            then 'few_employers'
        when e.employers_known_share < r.min_known_employer_share and e.n_reports < r.min_reports_unknown_employers
            then 'few_reports'
        when e.top_employer_share > r.max_employer_share then 'dominated'
        when n.cell is not null then 'too_near'
    end as suppression_reason
from cell_figures as e
cross join refresh as r
left join too_near as n on e.cell = n.cell
