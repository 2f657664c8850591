"""payload -> record. Knows HTTP, tokens, paging and budgets; no SQL, no orchestrator, no rubric."""
