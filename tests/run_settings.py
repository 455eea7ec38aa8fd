"""settings.yaml of a run, for tests that call a stage."""

import yaml

FACTS = {
    **{"name": "test", "changes": "", "source": "generated"},
    **{"archive": [], "generated": [], "seeds": [0], "methods": []},
}


def write_settings(path, *, facts=None, **sections):
    """Write the file and return its path; `facts` change what the stages know of the run."""
    content = {"run": FACTS | (facts or {}), **sections}
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(yaml.safe_dump(content))
    return path
