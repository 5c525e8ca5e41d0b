create or replace macro fallback_cells("group", tier, level, market, view := null) as table
with
groups as (
    select c.view, c.group_id from cards as c
)

select g.view from groups as g order by g.view asc nulls last limit 1;
