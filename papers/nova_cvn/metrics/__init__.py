"""What is measured on the scores: confusion, selections with physical weights, bootstrap errors."""
