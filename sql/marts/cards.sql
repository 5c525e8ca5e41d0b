-- Grain: view, group_id. Every group of every view has a card.
-- Inputs: group_labels, view_groups, leaf_tools (leaf, tool, place), premiums, bands, demand_shares, demand_changes,
-- coarse_adverts.
-- Shares are rounded once, here. No count below 10 is published.
with
leaf_places as (
    select leaf, min(place) as place
    from leaf_tools
    group by leaf
),

group_leaves as (
    select g.view, g.group_id, string_agg(g.leaf, ';' order by p.place asc nulls last) as leaves
    from view_groups as g
    inner join leaf_places as p on g.leaf = p.leaf
    group by g.view, g.group_id
),

-- a tool of several leaves is listed at the place of the first
group_tools as (
    select g.view, g.group_id, t.tool, min(t.place) as place
    from view_groups as g
    inner join leaf_tools as t on g.leaf = t.leaf
    where t.tool is not null
    group by g.view, g.group_id, t.tool
),

toolings as (
    select view, group_id, string_agg(tool, ';' order by place asc nulls last) as tooling
    from group_tools
    group by view, group_id
),

base_premiums as (
    select *
    from premiums
    where metric = 'base' and tier = 'all' and level = 'all'
),

us_pay as (
    select *
    from bands
    where evidence = 'reported' and market = 'US' and tier = 'all' and level = 'all'
)

select
    l.view,
    l.group_id,
    l.group_label as label,
    g.leaves,
    n.premium as premium_nlp_classical,
    n.premium_low as premium_nlp_classical_low,
    n.premium_high as premium_nlp_classical_high,
    n.identified as premium_nlp_classical_identified,
    m.premium as premium_ml_generalist,
    m.premium_low as premium_ml_generalist_low,
    m.premium_high as premium_ml_generalist_high,
    m.identified as premium_ml_generalist_identified,
    b.p25 as base_p25,
    b.p50 as base_p50,
    b.p75 as base_p75,
    b.p50_low as base_p50_low,
    b.p50_high as base_p50_high,
    case when b.n_reports >= 10 then b.n_reports end as base_n_reports,
    t.p25 as total_p25,
    t.p50 as total_p50,
    t.p75 as total_p75,
    t.p50_low as total_p50_low,
    t.p50_high as total_p50_high,
    case when t.n_reports >= 10 then t.n_reports end as total_n_reports,
    rounded_ratio(d.share) as demand,
    rounded_ratio(d.share_low) as demand_low,
    rounded_ratio(d.share_high) as demand_high,
    rounded_ratio(c.change) as demand_change,
    rounded_ratio(c.change_low) as demand_change_low,
    rounded_ratio(c.change_high) as demand_change_high,
    case
        when d.share is not null then null
        when (select bool_or(a.is_coarse) from coarse_adverts as a) then 'coarse_titles'
        else 'no_adverts'
    end as why,
    rounded_ratio(s.share) as share_of_reports,
    rounded_ratio(s.share_low) as share_of_reports_low,
    rounded_ratio(s.share_high) as share_of_reports_high,
    coalesce(k.tooling, '') as tooling
from group_labels as l
inner join group_leaves as g on l.view = g.view and l.group_id = g.group_id
left join toolings as k on l.view = k.view and l.group_id = k.group_id
left join base_premiums as n on l.view = n.view and l.group_id = n.group_id and n.baseline = 'nlp_classical'
left join base_premiums as m on l.view = m.view and l.group_id = m.group_id and m.baseline = 'ml_generalist'
left join us_pay as b on l.view = b.view and l.group_id = b.group_id and b.metric = 'base'
left join us_pay as t on l.view = t.view and l.group_id = t.group_id and t.metric = 'total'
left join demand_shares as d on l.view = d.view and l.group_id = d.group_id and d.part = 'window'
left join demand_shares as s on l.view = s.view and l.group_id = s.group_id and s.part = 'reports'
left join demand_changes as c on l.view = c.view and l.group_id = c.group_id
order by l.view asc nulls last, l.group_id asc nulls last
