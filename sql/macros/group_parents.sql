-- Grain: one row: the group asked for in the first view that has it, or no row if none has.
-- Inputs: cards.
-- Parameters: "group", view (null: the first of leaf, cards, llm_roles, career_paths, specialties).
-- card is the group of the view `cards` that has all its leaves, and card_is_wider is true if that has others too.
-- in_all is true if the group `all` of the view `leaf` has its leaves; it does not have adjacent leaves such as
-- data_science. Every column is qualified, since a parameter of a macro hides a column of the same name.
with
asked as (
    select "group" as group_id, view as asked_view
),

groups as (
    select
        c.view,
        c.group_id,
        regexp_extract_all(c.leaves, '\w+') as leaves,
        case c.view
            when 'leaf' then 1
            when 'cards' then 2
            when 'llm_roles' then 3
            when 'career_paths' then 4
            when 'specialties' then 5
            else 6
        end as view_order
    from cards as c
),

chosen as (
    select g.view, g.group_id, g.leaves
    from groups as g
    inner join asked as a on g.group_id = a.group_id and g.view = coalesce(a.asked_view, g.view)
    order by g.view_order asc nulls last, g.view asc nulls last
    limit 1
),

card_of_it as (
    select k.group_id as card, len(k.leaves) > len(c.leaves) as card_is_wider
    from chosen as c
    inner join groups as k on list_has_all(k.leaves, c.leaves)
    where k.view = 'cards' and c.view <> 'cards'
    order by k.group_id asc nulls last
    limit 1
),

every_core_leaf as (
    select g.leaves from groups as g
    where g.view = 'leaf' and g.group_id = 'all'
)

select
    c.view,
    c.group_id,
    k.card,
    coalesce(k.card_is_wider, false) as card_is_wider,
    c.group_id <> 'all' and coalesce(list_has_all(e.leaves, c.leaves), false) as in_all
from chosen as c
left join card_of_it as k on true
left join every_core_leaf as e on true
order by c.view asc nulls last, c.group_id asc nulls last
