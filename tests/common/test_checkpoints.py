from pydantic import BaseModel

from common.training.checkpoints import checkpoint_name


class Config(BaseModel):
    batch: int = 4


def test_a_state_belongs_to_its_data_settings_seed_and_code(tmp_path):
    data, code = tmp_path / "prepared.h5", tmp_path / "code"
    code.mkdir()
    data.write_bytes(b"one")
    (code / "model.py").write_text("width = 1\n")

    def name(config=None, seed=0):
        return checkpoint_name(config or Config(), [data], seed=seed, code=code)

    first = name()
    assert name() == first
    names = {first, name(seed=1), name(Config(batch=6))}
    data.write_bytes(b"two")
    names.add(name())
    (code / "model.py").write_text("width = 2\n")
    names.add(name())
    assert len(names) == 5
