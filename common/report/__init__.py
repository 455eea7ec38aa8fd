"""From the numbers of a run to what people read: claims, verdicts, the report, the overview, the READMEs' tables."""
