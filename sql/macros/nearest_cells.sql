-- Grain: place: shown cells of the metric, the nearest in the model first.
-- Inputs: group_parents, bands, cards, multipliers.
-- Parameters: "group", tier, level, market, metric, view, evidence.
-- distance is the sum of |log of the multiplier| between the cells' groups, tiers, levels and markets, those of total
-- for a metric without multipliers. A value without a multiplier is as the mean of all reports, and 1 further away; a
-- metro without one is as its country. Cells of the unknown tier and of the world are left out.
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

of_groups as (
    select l.view, l.group_id, sum(m.n * m.effect) / sum(m.n) as effect
    from leaves as l
    inner join centred as m on l.leaf = m.value and m.factor = 'specialisation'
    group by l.view, l.group_id
),

of_values as (
    select m.factor, m.value, m.effect
    from centred as m
    where m.factor in ('tier', 'level', 'market')
    union all
    select
        'level' as factor,
        case when m.value in ('L3', 'L4') then 'early' else 'senior' end as value,
        sum(m.n * m.effect) / sum(m.n) as effect
    from centred as m
    where m.factor = 'level'
    group by case when m.value in ('L3', 'L4') then 'early' else 'senior' end
    union all
    select 'tier' as factor, 'all' as value, 0.0 as effect
    union all
    select 'level' as factor, 'all' as value, 0.0 as effect
),

shown as (
    select b.*
    from bands as b
    inner join asked as a on b.metric = a.asked_metric and b.evidence = a.asked_evidence
    where b.basis <> 'suppressed' and b.tier <> 'unknown' and b.market <> 'global'
),

-- of each axis whether it differs, and the effects of both values
apart as (
    select
        s.view,
        s.group_id,
        s.group_label,
        s.tier,
        s.level,
        s.market,
        s.basis,
        s.n_reports,
        s.p50,
        unnest([
            s.view <> f.view or s.group_id <> f.group_id,
            s.tier <> a.asked_tier,
            s.level <> a.asked_level,
            s.market <> a.asked_market
        ]) as differs,
        unnest([
            g.effect,
            t.effect,
            l.effect,
            coalesce(m.effect, c.effect)
        ]) as own,
        unnest([
            ag.effect,
            tt.effect,
            al.effect,
            coalesce(am.effect, ac.effect)
        ]) as theirs
    from shown as s
    cross join asked as a
    cross join family as f
    left join of_groups as g on s.view = g.view and s.group_id = g.group_id
    left join of_groups as ag on f.view = ag.view and f.group_id = ag.group_id
    left join of_values as t on t.factor = 'tier' and s.tier = t.value
    left join of_values as tt on tt.factor = 'tier' and a.asked_tier = tt.value
    left join of_values as l on l.factor = 'level' and s.level = l.value
    left join of_values as al on al.factor = 'level' and a.asked_level = al.value
    left join of_values as m on m.factor = 'market' and s.market = m.value
    left join of_values as am on am.factor = 'market' and a.asked_market = am.value
    left join of_values as c on c.factor = 'market' and upper(split_part(s.market, '-', 1)) = c.value
    left join of_values as ac on ac.factor = 'market' and upper(split_part(a.asked_market, '-', 1)) = ac.value
),

summed as (
    select
        p.view,
        p.group_id,
        p.group_label,
        p.tier,
        p.level,
        p.market,
        p.basis,
        p.n_reports,
        p.p50,
        sum(case
            when not p.differs then 0.0
            else
                abs(coalesce(p.own, 0.0) - coalesce(p.theirs, 0.0))
                + case when p.own is null or p.theirs is null then 1.0 else 0.0 end
        end) as apart_by,
        sum(case when p.differs then 1 else 0 end) as changes
    from apart as p
    group by p.view, p.group_id, p.group_label, p.tier, p.level, p.market, p.basis, p.n_reports, p.p50
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
