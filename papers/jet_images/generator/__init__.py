"""Jets as the article's authors made them: Pythia's events, calorimeter towers, trimmed jets and their images."""
