-- Grain: one row per combination of leaf, evidence, tier, level, stage, country and metro among counted reports.
-- Inputs: counted_reports.
-- An unknown value is an empty string, so that it can be joined on.
select
    *,
    row_number() over (
        order by
            leaf asc nulls last,
            evidence asc nulls last,
            tier asc nulls last,
            level asc nulls last,
            stage asc nulls last,
            country asc nulls last,
            metro asc nulls last
    ) as profile
from (
    select distinct
        leaf,
        evidence,
        tier,
        coalesce(level, '') as level,
        coalesce(stage, '') as stage,
        coalesce(country, '') as country,
        coalesce(metro, '') as metro
    from counted_reports
) as used_profiles
