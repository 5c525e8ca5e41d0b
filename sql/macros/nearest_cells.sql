-- Grain: place: shown cells of the metric, the nearest in the model first.
-- Inputs: group_parents, bands, cards, multipliers.
-- Parameters: "group", tier, level, market, metric, view, evidence.
-- distance is the sum of |log of the multiplier| between the cells' groups, tiers, levels and markets, those of total
-- for a metric without multipliers. Each value without a multiplier is as the mean of all reports, and 1 further away,
-- a market 2; a metro without one is as its country and 0.75 further away, and markets of a country are 0.75 from each
-- other if one of them has none. Cells of the unknown tier are left out, and those of the world unless it is asked for.
with
asked as (
    select
        tier as asked_tier,
        level as asked_level,
        market as asked_market,
        metric as asked_metric,
        evidence as asked_evidence,
        case when metric like 'base%' then 'base' else 'total' end as model_metric
),

family as (
    select * from group_parents("group", view := view)
),

multiplied as (
    select m.factor, m.value, ln(m.multiplier) as effect, m.n
    from multipliers as m
    cross join asked as a
    where m.metric = a.model_metric and m.multiplier > 0 and m.factor <> 'baseline'
),

means as (
    select m.factor, sum(m.n * m.effect) / sum(m.n) as mean_effect
    from multiplied as m
    group by m.factor
),

centred as (
    select m.factor, m.value, m.n, m.effect - c.mean_effect as effect
    from multiplied as m
    inner join means as c on m.factor = c.factor
),

leaves as (
    select c.view, c.group_id, unnest(regexp_extract_all(c.leaves, '\w+')) as leaf
    from cards as c
),

of_values as (
    select m.factor as axis, m.value, m.effect
    from centred as m
    where m.factor in ('tier', 'level', 'market')
    union all
    select
        'level' as axis,
        case when m.value in ('L3', 'L4') then 'early' else 'senior' end as value,
        sum(m.n * m.effect) / sum(m.n) as effect
    from centred as m
    where m.factor = 'level'
    group by case when m.value in ('L3', 'L4') then 'early' else 'senior' end
    union all
    select 'group' as axis, concat(l.view, ' ', l.group_id) as value, sum(m.n * m.effect) / sum(m.n) as effect
    from leaves as l
    inner join centred as m on l.leaf = m.value and m.factor = 'specialisation'
    group by l.view, l.group_id
    union all
    select c.axis, 'all' as value, 0.0 as effect
    from (values ('tier'), ('level')) as c (axis)
),

shown as (
    select
        b.view, b.group_id, b.group_label, b.tier, b.level, b.market, b.basis, b.n_reports, b.p50,
        unnest(['group', 'tier', 'level', 'market']) as axis,
        unnest([concat(b.view, ' ', b.group_id), b.tier, b.level, b.market]) as own_value,
        unnest([concat(f.view, ' ', f.group_id), a.asked_tier, a.asked_level, a.asked_market]) as asked_value
    from bands as b
    inner join asked as a on b.metric = a.asked_metric and b.evidence = a.asked_evidence
    cross join family as f
    where
        b.basis <> 'suppressed'
        and b.tier <> 'unknown'
        and (b.market <> 'global' or a.asked_market = 'global')
),

pairs as (
    select distinct s.axis, s.own_value, s.asked_value
    from shown as s
    where s.own_value <> s.asked_value
),

-- what a value adds, and how much further away it is if the model does not identify it
sides as (
    select
        v.axis,
        v.value,
        own.effect is not null as is_known,
        coalesce(own.effect, home.effect, 0.0) as effect,
        case
            when own.effect is not null then 0.0
            when home.effect is not null then 0.75
            when v.axis = 'market' then 2.0
            else 1.0
        end as doubt
    from (
        select p.axis, p.own_value as value
        from pairs as p
        union
        select p.axis, p.asked_value as value
        from pairs as p
    ) as v
    left join of_values as own on v.axis = own.axis and v.value = own.value
    left join of_values as home
        on v.axis = 'market' and home.axis = 'market' and upper(split_part(v.value, '-', 1)) = home.value
),

-- how far two values of an axis are from each other
steps as (
    select
        p.axis,
        p.own_value,
        p.asked_value,
        case
            when
                p.axis = 'market'
                and upper(split_part(p.own_value, '-', 1)) = upper(split_part(p.asked_value, '-', 1))
                and not (o.is_known and t.is_known)
                then 0.75
            else abs(o.effect - t.effect) + o.doubt + t.doubt
        end as apart_by
    from pairs as p
    inner join sides as o on p.axis = o.axis and p.own_value = o.value
    inner join sides as t on p.axis = t.axis and p.asked_value = t.value
),

summed as (
    select
        s.view, s.group_id, s.group_label, s.tier, s.level, s.market, s.basis, s.n_reports, s.p50,
        coalesce(sum(d.apart_by), 0.0) as apart_by,
        count(d.apart_by) as changes
    from shown as s
    left join steps as d on s.axis = d.axis and s.own_value = d.own_value and s.asked_value = d.asked_value
    group by s.view, s.group_id, s.group_label, s.tier, s.level, s.market, s.basis, s.n_reports, s.p50
)

select
    row_number() over (
        order by
            round(s.apart_by, 5) asc nulls last,
            s.changes asc nulls last,
            case when s.view = 'leaf' then 0 else 1 end asc nulls last,
            s.view asc nulls last,
            s.group_id asc nulls last,
            s.tier asc nulls last,
            s.level asc nulls last,
            s.market asc nulls last
    ) as place,
    round(s.apart_by, 2) as distance,
    s.view,
    s.group_id,
    s.group_label,
    s.tier,
    s.level,
    s.market,
    s.basis,
    s.n_reports,
    s.p50
from summed as s
order by place asc nulls last
