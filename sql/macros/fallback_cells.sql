-- Grain: step: the cells to try in order. Step 0 is the cell asked for; each later one widens the one before.
-- Inputs: group_parents.
-- Parameters: "group", tier, level, market, view.
-- The steps are metro to country, group to its card, to all, tier to all, and level to its stage: never stage to all,
-- country to global, or one kind of evidence to the other. Steps that do not apply are left out. `fallback` names the
-- steps taken. No rows if no view has the group.
with
asked as (
    select
        tier as asked_tier,
        level as asked_level,
        market as asked_market,
        case when market like '%-%' then upper(split_part(market, '-', 1)) end as country,
        case when level in ('L3', 'L4') then 'early' when level in ('L5', 'L6', 'L7') then 'senior' end as stage
),

family as (
    select * from group_parents("group", view := view)
),

parents as (
    select p.view, p.group_id, p.card, p.in_all, a.asked_tier, a.asked_level, a.asked_market, a.country, a.stage
    from family as p
    cross join asked as a
),

-- the name of a step is null if it does not apply
steps as (
    select
        p.*,
        unnest([0, 1, 2, 3, 4, 5]) as step,
        unnest([
            null,
            case when p.country is not null then concat('metro ', p.asked_market, ' to country ', p.country) end,
            case when p.card is not null then concat(p.view, ' ', p.group_id, ' to card ', p.card) end,
            case
                when p.in_all and p.card is not null then concat('card ', p.card, ' to all')
                when p.in_all and p.view = 'cards' then concat('card ', p.group_id, ' to all')
                when p.in_all then concat(p.view, ' ', p.group_id, ' to all')
            end,
            case when p.asked_tier <> 'all' then concat('tier ', p.asked_tier, ' to all') end,
            case when p.stage is not null then concat('level ', p.asked_level, ' to stage ', p.stage) end
        ]) as step_name
    from parents as p
),

taken as (
    select s.*, list(s.step_name) filter (where s.step > 0) over (order by s.step asc nulls last) as step_names
    from steps as s
    where s.step = 0 or s.step_name is not null
)

select
    t.step,
    coalesce(t.step_names, []) as fallback,
    case
        when t.step >= 3 and t.in_all then 'leaf'
        when t.step >= 2 and t.card is not null then 'cards'
        else t.view
    end as view,
    case
        when t.step >= 3 and t.in_all then 'all'
        when t.step >= 2 and t.card is not null then t.card
        else t.group_id
    end as group_id,
    case when t.step >= 4 then 'all' else t.asked_tier end as tier,
    case when t.step >= 5 then t.stage else t.asked_level end as level,
    case when t.step >= 1 then coalesce(t.country, t.asked_market) else t.asked_market end as market
from taken as t
order by t.step asc nulls last
