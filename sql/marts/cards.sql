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

-- a column for each baseline, and for each metric, with all that is known of it
base_premiums as (
    select
        p.view,
        p.group_id,
        any_value(p) filter (where p.baseline = 'nlp_classical') as nlp,
        any_value(p) filter (where p.baseline = 'ml_generalist') as generalist
    from premiums as p
    where p.metric = 'base' and p.tier = 'all' and p.level = 'all'
    group by p.view, p.group_id
),

us_pay as (
    select
        b.view,
        b.group_id,
        any_value(b) filter (where b.metric = 'base') as base,
        any_value(b) filter (where b.metric = 'total') as total
    from bands as b
    where b.evidence = 'reported' and b.market = 'US' and b.tier = 'all' and b.level = 'all'
    group by b.view, b.group_id
)

select
    l.view,
    l.group_id,
    l.group_label as label,
    g.leaves,
    p.nlp.premium as premium_nlp_classical,
    p.nlp.premium_low as premium_nlp_classical_low,
    p.nlp.premium_high as premium_nlp_classical_high,
    p.nlp.identified as premium_nlp_classical_identified,
    p.generalist.premium as premium_ml_generalist,
    p.generalist.premium_low as premium_ml_generalist_low,
    p.generalist.premium_high as premium_ml_generalist_high,
    p.generalist.identified as premium_ml_generalist_identified,
    b.base.p25 as base_p25,
    b.base.p50 as base_p50,
    b.base.p75 as base_p75,
    b.base.p50_low as base_p50_low,
    b.base.p50_high as base_p50_high,
    case when b.base.n_reports >= 10 then b.base.n_reports end as base_n_reports,
    b.total.p25 as total_p25,
    b.total.p50 as total_p50,
    b.total.p75 as total_p75,
    b.total.p50_low as total_p50_low,
    b.total.p50_high as total_p50_high,
    case when b.total.n_reports >= 10 then b.total.n_reports end as total_n_reports,
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
