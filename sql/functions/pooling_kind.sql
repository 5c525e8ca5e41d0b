-- The kind of cells that a thin cell of this tier and level is pooled with; statistics/pooling.py names all kinds.
create macro pooling_kind(tier, level) as
concat(
    case when tier = 'all' then 'all' when is_listed_tier(tier) then 'listed' else 'other' end,
    case when level in ('early', 'senior') then '_stage' else '_level' end
)
