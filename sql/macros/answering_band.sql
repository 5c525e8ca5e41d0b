-- Grain: one row: the band of the cell itself if it is shown, else of the nearest shown cell, or no row if none is.
-- Inputs: group_parents, band, nearest_cells, bands.
-- Parameters: "group", tier, level, market, metric, view, evidence.
-- The nearest is that of use_instead if `bands` has the cell and names a shown one, else the first of nearest_cells.
-- fallback names what differs from the cell asked for, distance says how far it is in the model.
with
asked as (
    select
        tier as asked_tier,
        level as asked_level,
        market as asked_market,
        metric as asked_metric,
        evidence as asked_evidence
),

family as (
    select * from group_parents("group", view := view)
),

own as (
    select * from band("group", tier, level, market, metric, view := view, evidence := evidence)
),

-- what the cell itself says, in order
said as (
    select 1 as choice, 0.0 as distance, o.view, o.group_id, o.tier, o.level, o.market
    from own as o
    where o.basis <> 'suppressed'
    union all
    select
        2 as choice,
        o.use_instead_distance as distance,
        o.use_instead_view as view,
        o.use_instead_group_id as group_id,
        o.use_instead_tier as tier,
        o.use_instead_level as level,
        o.use_instead_market as market
    from own as o
    where o.use_instead_basis in ('direct', 'pooled')
),

-- null if the cell says enough, so that no cells are compared
sought as (
    select case when count(s.choice) = 0 then any_value(a.asked_metric) end as sought_metric
    from asked as a
    left join said as s on true
),

near as (
    select n.*
    from sought as s,
        lateral (
            select *
            from nearest_cells("group", tier, level, market, s.sought_metric, view := view, evidence := evidence)
        ) as n
),

candidates as (
    select * from said
    union all
    select 3 as choice, n.distance, n.view, n.group_id, n.tier, n.level, n.market
    from near as n
    where n.place = 1
),

chosen as (
    select * from candidates
    order by choice asc nulls last
    limit 1
),

-- what differs from the cell asked for, null where nothing does
steps as (
    select
        unnest([1, 2, 3, 4]) as step,
        unnest([
            case
                when c.view <> f.view or c.group_id <> f.group_id
                    then concat(f.view, ' ', f.group_id, ' to ', c.view, ' ', c.group_id)
            end,
            case when c.tier <> a.asked_tier then concat('tier ', a.asked_tier, ' to ', c.tier) end,
            case when c.level <> a.asked_level then concat('level ', a.asked_level, ' to ', c.level) end,
            case when c.market <> a.asked_market then concat('market ', a.asked_market, ' to ', c.market) end
        ]) as step_name
    from chosen as c
    cross join family as f
    cross join asked as a
),

named as (
    select list(s.step_name order by s.step asc nulls last) filter (where s.step_name is not null) as step_names
    from steps as s
)

select
    coalesce(n.step_names, []) as fallback,
    c.distance,
    b.*
from chosen as c
cross join asked as a
cross join named as n
inner join bands as b
    on
        c.view = b.view
        and c.group_id = b.group_id
        and c.tier = b.tier
        and c.level = b.level
        and c.market = b.market
        and a.asked_metric = b.metric
        and a.asked_evidence = b.evidence
order by b.view asc nulls last, b.group_id asc nulls last
