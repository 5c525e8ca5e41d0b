-- Grain: market, parent: the larger markets that contain each market of used reports.
-- Inputs: profiles.
select metro as market, country as parent from profiles
where metro <> ''
union
select metro as market, 'global' as parent from profiles
where metro <> ''
union
select country as market, 'global' as parent from profiles
where country <> ''
