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
    select
        view,
        group_id,
        max(premium) filter (where baseline = 'nlp_classical') as premium_nlp_classical,
        max(premium_low) filter (where baseline = 'nlp_classical') as premium_nlp_classical_low,
        max(premium_high) filter (where baseline = 'nlp_classical') as premium_nlp_classical_high,
        bool_or(identified) filter (where baseline = 'nlp_classical') as premium_nlp_classical_identified,
        max(premium) filter (where baseline = 'ml_generalist') as premium_ml_generalist,
        max(premium_low) filter (where baseline = 'ml_generalist') as premium_ml_generalist_low,
        max(premium_high) filter (where baseline = 'ml_generalist') as premium_ml_generalist_high,
        bool_or(identified) filter (where baseline = 'ml_generalist') as premium_ml_generalist_identified
    from premiums
    where metric = 'base' and tier = 'all' and level = 'all'
    group by view, group_id
),

us_pay as (
    select
        view,
        group_id,
        max(p25) filter (where metric = 'base') as base_p25,
        max(p50) filter (where metric = 'base') as base_p50,
        max(p75) filter (where metric = 'base') as base_p75,
        max(p50_low) filter (where metric = 'base') as base_p50_low,
        max(p50_high) filter (where metric = 'base') as base_p50_high,
        max(n_reports) filter (where metric = 'base' and n_reports >= 10) as base_n_reports,
        max(p25) filter (where metric = 'total') as total_p25,
        max(p50) filter (where metric = 'total') as total_p50,
        max(p75) filter (where metric = 'total') as total_p75,
        max(p50_low) filter (where metric = 'total') as total_p50_low,
        max(p50_high) filter (where metric = 'total') as total_p50_high,
        max(n_reports) filter (where metric = 'total' and n_reports >= 10) as total_n_reports
    from bands
    where evidence = 'reported' and market = 'US' and tier = 'all' and level = 'all'
    group by view, group_id
)

select
    l.view,
    l.group_id,
    l.group_label as label,
    g.leaves,
    p.premium_nlp_classical,
    p.premium_nlp_classical_low,
    p.premium_nlp_classical_high,
    p.premium_nlp_classical_identified,
    p.premium_ml_generalist,
    p.premium_ml_generalist_low,
    p.premium_ml_generalist_high,
    p.premium_ml_generalist_identified,
    b.base_p25,
    b.base_p50,
    b.base_p75,
    b.base_p50_low,
    b.base_p50_high,
    b.base_n_reports,
    b.total_p25,
    b.total_p50,
    b.total_p75,
    b.total_p50_low,
    b.total_p50_high,
    b.total_n_reports,
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
left join base_premiums as p on l.view = p.view and l.group_id = p.group_id
left join us_pay as b on l.view = b.view and l.group_id = b.group_id
left join demand_shares as d on l.view = d.view and l.group_id = d.group_id and d.part = 'window'
left join demand_shares as s on l.view = s.view and l.group_id = s.group_id and s.part = 'reports'
left join demand_changes as c on l.view = c.view and l.group_id = c.group_id
order by l.view asc nulls last, l.group_id asc nulls last
