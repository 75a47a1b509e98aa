"""Settings: `conf/*.yml` as frozen models that fail at load, naming file, line, key and what is allowed."""
