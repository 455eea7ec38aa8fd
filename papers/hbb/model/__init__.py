"""All networks: `interaction_network` as in the article, the same one in `fast`, the baselines, and their inputs."""
