-- Grain: view, group_id, tier, level, market: shown cells that differ from the one asked for in one way, up to three
-- per relation.
-- Inputs: group_parents, bands.
-- Parameters: "group", tier, level, market, metric, view, evidence.
-- Those with the most reports come first.
with
family as (
    select * from group_parents("group", view := view)
),

called as (
    select
        tier as asked_tier,
        level as asked_level,
        market as asked_market,
        metric as asked_metric,
        evidence as asked_evidence,
        upper(split_part(market, '-', 1)) as country
),

asked as (
    select p.*, c.*
    from family as p
    cross join called as c
),

level_order (level_name, place) as (
    values ('L3', 3), ('L4', 4), ('L5', 5), ('L6', 6), ('L7', 7), ('early', 10), ('senior', 11)
),

-- equal to the cell asked for in all but one way
related as (
    select
        case
            when b.view = 'leaf' and b.group_id = 'all' and a.group_id <> 'all' then 'all groups'
            when b.view <> a.view then 'its card'
            when b.tier <> a.asked_tier and b.tier = 'all' then 'all tiers'
            when b.tier <> a.asked_tier then 'other tier'
            when b.level <> a.asked_level and l.place < o.place then 'level below'
            when b.level <> a.asked_level then 'level above'
            when b.market = a.country then 'its country'
            else 'other market'
        end as relation,
        b.view,
        b.group_id,
        b.group_label,
        b.evidence,
        b.tier,
        b.level,
        b.market,
        b.metric,
        b.n_reports,
        b.basis,
        b.p25,
        b.p50,
        b.p75
    from bands as b
    inner join asked as a on b.metric = a.asked_metric and b.evidence = a.asked_evidence
    left join level_order as l on b.level = l.level_name
    left join level_order as o on a.asked_level = o.level_name
    where
        b.basis <> 'suppressed'
        and (
            (
                b.view = a.view and b.group_id = a.group_id
                and (
                    (
                        b.level = a.asked_level and b.market = a.asked_market
                        and b.tier <> a.asked_tier and b.tier <> 'unknown'
                    )
                    or (b.tier = a.asked_tier and b.market = a.asked_market and abs(l.place - o.place) = 1)
                    or (
                        b.tier = a.asked_tier and b.level = a.asked_level and a.asked_market <> 'global'
                        and b.market <> a.asked_market and upper(split_part(b.market, '-', 1)) = a.country
                    )
                )
            )
            or (
                b.tier = a.asked_tier and b.level = a.asked_level and b.market = a.asked_market
                and (
                    (a.card_is_wider and b.view = 'cards' and b.group_id = a.card)
                    or (a.in_all and b.view = 'leaf' and b.group_id = 'all')
                )
            )
        )
),

ranked as (
    select
        r.*,
        row_number() over (
            partition by r.relation
            order by
                r.n_reports desc nulls last,
                r.tier asc nulls last,
                r.level asc nulls last,
                r.market asc nulls last,
                r.group_id asc nulls last
        ) as related_place
    from related as r
)

select * exclude (related_place)
from ranked
where related_place <= 3
order by
    case relation
        when 'level below' then 1
        when 'level above' then 2
        when 'other tier' then 3
        when 'all tiers' then 4
        when 'its country' then 5
        when 'other market' then 6
        when 'its card' then 7
        else 8
    end asc nulls last,
    related_place asc nulls last
