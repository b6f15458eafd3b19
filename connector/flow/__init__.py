"""The verbs: pull, plan, hand over, follow, report. Each can be run alone, again and again."""
