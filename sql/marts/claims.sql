-- Grain: claim_id, pay_metric. Every claim has its row in every release.
-- Inputs: claim_ranges, claim_cells, group_ranks, bands, premiums, view_groups.
-- A claim is judged by what is published: rounded medians, premiums and bounds. `lacking` is the reason if there is no
-- figure to judge it by.
with
group_leaves as (
    select
        g.view,
        g.group_id,
        min(g.leaf) as first_leaf,
        max(g.leaf) as last_leaf
    from view_groups as g
    -- adjacent leaves are in no premium
    inner join view_groups as c on g.leaf = c.leaf and c.view = 'leaf' and c.group_id = 'all'
    group by g.view, g.group_id
),

pays as (
    select
        c.claim_id,
        c.pay_metric,
        case when k.reports is null then 'no_reports' when b.p50 is null then 'suppressed' end as lacking,
        b.p50 as figure,
        b.p50_low as low,
        b.p50_high as high,
        case when b.n_reports >= 10 then b.n_reports end as n,
        b.p25,
        b.p75,
        case when b.basis = 'direct' then rounded_ratio(k.inside_weight / cast(k.weight as double)) end as share_inside
    from claim_ranges as c
    left join claim_cells as k on c.claim_id = k.claim_id and c.pay_metric = k.pay_metric
    left join bands as b
        on
            c.view = b.view
            and c.group_id = b.group_id
            and b.evidence = 'reported'
            and c.tier = b.tier
            and c.level = b.level
            and c.market = b.market
            and c.pay_metric = b.metric
    where c.kind = 'pay'
),

premiums_asked as (
    select
        c.claim_id,
        c.pay_metric,
        c.kind,
        c.ranking,
        c.view,
        c.group_id,
        p.n_group,
        p.premium,
        p.premium_low,
        p.premium_high,
        case
            when c.kind = 'premium' and g.first_leaf = c.baseline and g.last_leaf = c.baseline then 'by_definition'
            when not coalesce(p.identified, false) then 'not_identified'
            when p.premium is null or p.premium_low is null or p.premium_high is null then 'not_identified'
        end as lacking
    from claim_ranges as c
    left join group_leaves as g on c.view = g.view and c.group_id = g.group_id
    left join premiums as p
        on
            c.view = p.view
            and c.group_id = p.group_id
            and c.baseline = p.baseline
            and c.pay_metric = p.metric
            and c.tier = p.tier
            and c.level = p.level
    where c.kind <> 'pay'
),

answers as (
    select
        claim_id,
        pay_metric,
        lacking,
        cast(figure as decimal(18, 4)) as figure,
        cast(low as decimal(18, 4)) as low,
        cast(high as decimal(18, 4)) as high,
        n,
        p25,
        p75,
        share_inside
    from pays
    union all
    select
        a.claim_id,
        a.pay_metric,
        a.lacking,
        cast(case a.kind when 'premium' then a.premium else r."rank" end as decimal(18, 4)) as figure,
        cast(case a.kind when 'premium' then a.premium_low else r.best end as decimal(18, 4)) as low,
        cast(case a.kind when 'premium' then a.premium_high else r.worst end as decimal(18, 4)) as high,
        a.n_group as n,
        null as p25,
        null as p75,
        null as share_inside
    from premiums_asked as a
    left join group_ranks as r on a.ranking = r.ranking and a.view = r.view and a.group_id = r.group_id
),

placed as (
    select
        a.*,
        a.low >= c.range_low and (c.range_high is null or a.high <= c.range_high) as is_inside,
        a.high < c.range_low as is_below,
        coalesce(a.low > c.range_high, false) as is_above
    from answers as a
    inner join claim_ranges as c on a.claim_id = c.claim_id and a.pay_metric = c.pay_metric
)

select
    claim_id,
    pay_metric,
    case
        when lacking is not null then 'insufficient_data'
        when is_inside then 'supported'
        when is_below or is_above then 'contradicted'
        else 'insufficient_data'
    end as verdict,
    case
        when lacking is not null then null
        when is_below then 'below'
        when is_above then 'above'
    end as direction,
    case
        when lacking is not null then lacking
        when not is_inside and not is_below and not is_above then 'straddles'
    end as why,
    case when lacking is null then cast(figure as double) end as figure,
    case when lacking is null then cast(low as double) end as low,
    case when lacking is null then cast(high as double) end as high,
    n,
    case when lacking is null then p25 end as p25,
    case when lacking is null then p75 end as p75,
    case when lacking is null then share_inside end as share_inside
from placed
order by claim_id asc nulls last, pay_metric asc nulls last
