-- True if tier, level and country of a report are known and the level is not inferred from years of experience.
create macro is_placed(tier, level, level_basis, country) as
tier <> 'unknown' and level is not null and coalesce(level_basis <> 'experience', false) and country is not null
