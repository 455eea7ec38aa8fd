"""A saved state belongs to the data, the settings, the seed and the code that it was made with."""

from pydantic import BaseModel

from common.training import checkpoints
from common.training.checkpoints import checkpoint_path
from common.workflow import closure


class Config(BaseModel):
    batch: int = 4


def test_a_state_belongs_to_its_data_settings_seed_and_code(tmp_path, monkeypatch):
    for module in (closure, checkpoints):
        monkeypatch.setattr(module, "ROOT", tmp_path)
    code, data = tmp_path / "saved_state_example", tmp_path / "prepared.h5"
    code.mkdir()
    for name, text in {
        "__init__": "",
        "train": "from .model import width\n",
        "model": "width = 1\n",
        "plots": "",
    }.items():
        (code / f"{name}.py").write_text(text)
    data.write_bytes(b"one")
    model = tmp_path / "seed0/cnn/model.pt"

    def path(config=None, seed=0):
        closure.import_closure.cache_clear()
        return checkpoint_path(model, config or Config(), [data], seed=seed, stage="saved_state_example.train")

    first = path()
    assert first.parent == tmp_path / "seed0/checkpoints"
    (code / "plots.py").write_text("colour = 'red'\n")
    assert path() == first, "what the stage does not import does not matter"
    paths = {first, path(seed=1), path(Config(batch=6))}
    data.write_bytes(b"two")
    paths.add(path())
    (code / "model.py").write_text("width = 2\n")
    paths.add(path())
    assert len(paths) == 5
