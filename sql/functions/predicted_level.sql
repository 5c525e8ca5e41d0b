-- The value of a level in the fit of predictions: one of its own if it is from years of experience.
create macro predicted_level(level, is_inferred) as
concat(level, case when is_inferred then ' by experience' else '' end)
