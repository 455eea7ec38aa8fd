"""From YAML files and --config to checked settings: what is accepted, and what an error says and names."""

from typing import Annotated, Literal

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import Field

from common.errors import InputError, nearest
from common.report.published import load_published
from common.settings import RunSettings, load_settings, merge, section_json, split_options
from common.workflow.closure import ROOT
from common.yamlio import Strict, load, read_yaml, validate


class Forest(Strict):
    kind: Literal["forest"]
    n_trees: int


class Network(Strict):
    kind: Literal["network"]
    n_layers: int


class Train(Strict):
    learning_rate: float
    n_epochs: int = Field(ge=1)
    shuffle: bool = True
    edges: tuple[float, float] = (0.0, 1.0)
    model: Annotated[Forest | Network, Field(discriminator="kind")] | None = None


class Settings(RunSettings):
    train: Train


BASE = {
    "source": "archive",
    "archive": ["sky/a.csv"],
    "generated": ["a.csv"],
    "seeds": [0, 1, 2],
    "train": {"learning_rate": 0.1, "n_epochs": 5},
}


@pytest.fixture
def load_run(tmp_path):
    """Return a function that writes config.yaml and overlays into a paper's folder and loads a run."""
    folder = tmp_path / "lensing"
    folder.mkdir()

    def loaded(run="small", *, base=BASE, changes=None, seeds=None, **overlays):
        for name, content in {"config": base, "smoke": {"seeds": [0]}, **overlays}.items():
            text = content if isinstance(content, str) else yaml.safe_dump(content)
            (folder / f"{name}.yaml").write_text(text)
        return load_settings(folder, run, Settings, changes=changes, seeds=seeds)

    return loaded


def without(key):
    return {name: value for name, value in BASE.items() if name != key}


# ---- merging ----


def test_an_overlay_changes_only_what_it_names(load_run):
    assert load_run("small").train.n_epochs == 5
    smoke = load_run("smoke", smoke={"source": "generated", "seeds": [7], "train": {"n_epochs": 1}})
    assert (smoke.train.n_epochs, smoke.train.learning_rate, smoke.seeds) == (1, 0.1, [7])


def test_command_line_over_overlay_over_config(load_run):
    overlay = {"train": {"n_epochs": 2, "learning_rate": 0.2}}
    chosen = load_run("smoke", smoke=overlay, changes={"train": {"n_epochs": 3}, "seeds": [5]}, seeds=[6])
    assert (chosen.train.n_epochs, chosen.train.learning_rate, chosen.seeds) == (3, 0.2, [6])


TREES = st.recursive(
    st.integers() | st.lists(st.integers(), max_size=2),
    lambda inner: st.dictionaries(st.sampled_from("abc"), inner, max_size=3),
    max_leaves=8,
)


@settings(deadline=None, derandomize=True)
@given(base=TREES, overlay=TREES, second=TREES)
def test_merge_is_that_of_nested_mappings(base, overlay, second):
    merged = merge(base, overlay)
    assert merge(merged, overlay) == merged and merge(base, {}) == (base if isinstance(base, dict) else {})
    if not (isinstance(base, dict) and isinstance(overlay, dict)):
        assert merged == overlay
        return
    assert set(merged) == set(base) | set(overlay)
    assert all(merged[key] == base[key] for key in set(base) - set(overlay))
    if isinstance(second, dict):
        assert merge(merged, second) == merge(base, merge(overlay, second))


def test_merge_leaves_its_arguments_alone():
    base, overlay = {"a": {"b": 1}}, {"a": {"c": 2}}
    assert merge(base, overlay) == {"a": {"b": 1, "c": 2}}
    assert (base, overlay) == ({"a": {"b": 1}}, {"a": {"c": 2}})


# ---- seeds and values that arrive as text ----


@pytest.mark.parametrize(
    ("given_as", "seeds"),
    [(3, [3]), ("3", [3]), ("0,1,2", [0, 1, 2]), (" 0, 1 ", [0, 1]), ([0, 1], [0, 1]), (["0", "1"], [0, 1])],
)
def test_seeds_in_every_spelling(load_run, given_as, seeds):
    assert load_run(seeds=given_as).seeds == seeds
    assert load_run(base=BASE | {"seeds": given_as}).seeds == seeds
    assert split_options({"seeds": given_as}, papers=[])[0].seeds == seeds


@pytest.mark.parametrize("bad", ["", "a", "0,,1", [], -1, "0,-1", 1.5])
def test_seeds_that_are_none(load_run, bad):
    with pytest.raises(InputError, match="seeds"):
        load_run(seeds=bad)
    with pytest.raises(InputError, match="--config: key 'seeds"):
        split_options({"seeds": bad}, papers=[])


def test_text_on_the_command_line_gives_the_same_parameters(load_run):
    """Snakemake hands nested --config values over as text; the rules' parameters must not notice."""
    numbers = {"train": {"learning_rate": 0.5, "n_epochs": 3, "shuffle": False, "edges": [1.0, 2.0]}}
    words = {"train": {"learning_rate": "0.5", "n_epochs": "3", "shuffle": "False", "edges": ["1", "2"]}}
    plain, coerced = load_run(changes=numbers), load_run(changes=words)
    assert section_json(plain, "train") == section_json(coerced, "train")
    assert section_json(plain, "train") != section_json(load_run(), "train")


def test_the_order_of_keys_does_not_matter(load_run):
    turned = BASE | {"train": dict(reversed(BASE["train"].items()))}
    assert section_json(load_run(), "train") == section_json(load_run(base=turned), "train")


# ---- errors name file, key and what was meant ----


def message(load_run, *arguments, **keywords):
    with pytest.raises(InputError) as caught:
        load_run(*arguments, **keywords)
    return str(caught.value)


TYPO = {"train": {"n_epoch": 1}}


@pytest.mark.parametrize(
    ("arguments", "where"),
    [
        ({"base": BASE | {"train": BASE["train"] | TYPO["train"]}}, "lensing/config.yaml: "),
        ({"run": "smoke", "smoke": TYPO}, "lensing/smoke.yaml: "),
        ({"changes": TYPO}, "--config lensing={...}: "),
        ({"run": "smoke", "smoke": {"seeds": [1]}, "changes": TYPO, "seeds": [1]}, "--config lensing={...}: "),
    ],
)
def test_an_unknown_key(load_run, arguments, where):
    text = message(load_run, **arguments)
    assert where in text
    assert "unknown key 'train.n_epoch'. Did you mean 'n_epochs'?" in text


def test_an_unknown_section(load_run):
    assert "unknown key 'trian'. Did you mean 'train'?" in message(load_run, base=BASE | {"trian": {}})


def test_an_unknown_key_like_no_other_lists_what_is_known(load_run):
    text = message(load_run, changes={"train": {"zzz": 1}})
    assert "Known: edges, learning_rate, model, n_epochs, shuffle." in text


def test_a_missing_key_is_looked_for_in_config_yaml(load_run):
    text = message(load_run, "smoke", base=BASE | {"train": {"learning_rate": 1}}, smoke={"train": {"shuffle": True}})
    assert text.endswith("lensing/config.yaml: the key 'train.n_epochs' is missing.")
    assert message(load_run, base=without("seeds")).endswith("config.yaml: the key 'seeds' is missing.")


def test_every_fault_is_reported_at_once(load_run):
    text = message(load_run, base=BASE | {"train": {"n_epochs": 0, "shufle": True}})
    assert len(text.splitlines()) == 3
    assert all(part in text for part in ("learning_rate' is missing", "train.n_epochs", "Did you mean 'shuffle'?"))


@pytest.mark.parametrize(
    ("arguments", "where"),
    [
        ({"base": BASE | {"train": BASE["train"] | {"n_epochs": "many"}}}, "config.yaml: key 'train.n_epochs'"),
        ({"run": "smoke", "smoke": {"train": {"n_epochs": "many"}}}, "smoke.yaml: key 'train.n_epochs'"),
        ({"changes": {"train": {"n_epochs": "many"}}}, "--config lensing={...}: key 'train.n_epochs'"),
        ({"seeds": ["many"]}, "--config seeds=...: key 'seeds.0'"),
        ({"run": "smoke", "smoke": {"seeds": [0, "many"]}}, "smoke.yaml: key 'seeds.1'"),
        ({"run": "smoke", "smoke": {"archive": "many"}}, "smoke.yaml: key 'archive'"),
    ],
)
def test_a_wrong_type_names_the_file_that_sets_the_key(load_run, arguments, where):
    text = message(load_run, **arguments)
    assert where in text and "found 'many'" in text


@pytest.mark.parametrize("overlay", ["train:\n", "# nothing yet\n"])
def test_an_empty_section_or_overlay_is_the_overlays_fault(load_run, overlay):
    assert "lensing/smoke.yaml: " in message(load_run, "smoke", smoke=overlay)


def test_a_typo_inside_a_choice_of_models_names_the_file(load_run):
    base = BASE | {"train": BASE["train"] | {"model": {"kind": "forest", "n_trees": 9}}}
    text = message(load_run, "smoke", base=base, smoke={"train": {"model": {"n_tree": 1}}})
    assert "smoke.yaml: " in text and "Did you mean 'n_trees'?" in text


def test_a_run_without_a_file_names_those_that_exist(load_run):
    text = message(load_run, "smok")
    assert "no run 'smok'" in text and "Did you mean 'smoke'?" in text and "smok.yaml is missing" in text
    assert message(load_run, "zzz").endswith("Known: small, smoke.")


def test_a_missing_config_says_how_to_get_it_back(tmp_path):
    with pytest.raises(InputError, match=r"config\.yaml: this file is missing.*git checkout"):
        load_settings(tmp_path, "small", Settings)


def test_an_archive_run_needs_files(load_run):
    assert "at least one file in 'archive'" in message(load_run, base=BASE | {"archive": []})


def test_settings_do_not_change_afterwards(load_run):
    with pytest.raises(ValueError, match="frozen"):
        load_run().train.n_epochs = 1


# ---- options of all papers ----


def test_options_and_changes_of_papers_are_told_apart():
    options, changes = split_options({"run": "smoke", "strict": "true", "lensing": TYPO}, papers=["lensing", "photoz"])
    assert (options.run, options.strict, options.seeds, changes) == ("smoke", True, None, {"lensing": TYPO})


@pytest.mark.parametrize(
    ("key", "hint"), [("sedes", "'seeds'"), ("lensng", "'lensing'"), ("zzz", "Known: data, lensing, mirror, run,")]
)
def test_an_unknown_option_names_the_nearest(key, hint):
    with pytest.raises(InputError, match=f"--config: unknown key '{key}'.*{hint}"):
        split_options({key: 1}, papers=["lensing"])


# ---- YAML itself ----


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a: 1\nb: 2\na: 3\n", ":3: not valid YAML: the key 'a' is given twice"),
        ("a:\n  b: 1\n  c: 1\n  b: 2\n", ":4: not valid YAML: the key 'b' is given twice"),
        ("a: 1\n  b: 2\n", ":2: not valid YAML"),
        ("a: [1, 2\nb: 3\n", ":2: not valid YAML"),
        ("a: {{ b }}\n", ":1: not valid YAML"),
        ("a: \x01\n", ": not valid YAML"),
        (b"a: \xff\n", ": not valid YAML"),
    ],
)
def test_bad_yaml_names_file_and_line(tmp_path, text, expected):
    path = tmp_path / "x.yaml"
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    with pytest.raises(InputError) as caught:
        read_yaml(path)
    assert str(caught.value).startswith(f"{path}{expected}")


def test_the_same_key_in_different_mappings_is_fine(tmp_path):
    (tmp_path / "x.yaml").write_text("a: {k: 1}\nb: {k: 2}\n")
    assert read_yaml(tmp_path / "x.yaml") == {"a": {"k": 1}, "b": {"k": 2}}


def test_an_empty_file_is_an_input_error(tmp_path):
    (tmp_path / "x.yaml").write_text("")
    with pytest.raises(InputError, match=r"x\.yaml: key '\(top level\)'"):
        load(tmp_path / "x.yaml", Train)


def test_nearest_prefers_a_match_to_the_whole_list():
    assert nearest("metrik", ["metric", "value"]) == " Did you mean 'metric'?"
    assert nearest("zzz", ["b", "a"]) == " Known: a, b."
    assert nearest("zzz", []) == ""


def test_hints_reach_into_lists_and_mappings():
    with pytest.raises(InputError, match=r"unknown key 'one\.0\.n_tres'\. Did you mean 'n_trees'"):
        validate({"one": [{"kind": "forest", "n_trees": 1, "n_tres": 1}]}, dict[str, list[Forest]], "x.yaml")


# ---- published.yaml: typos inside a choice of claims ----


def published_with(tmp_path, old, new):
    text = (ROOT / "papers/_template/published.yaml").read_text()
    assert old in text
    (tmp_path / "published.yaml").write_text(text.replace(old, new, 1))
    return tmp_path / "published.yaml"


@pytest.mark.parametrize(
    ("old", "new", "hint"),
    [
        ("metric: auc", "metrik: auc", "'metric'"),
        ("smaller: chance", "smaler: chance", "'smaller'"),
        ("      abs: 0.01", "      asb: 0.01", "'abs'"),
        ("arxiv:", "arxive:", "'arxiv'"),
        ("shows:", "show:", "'shows'"),
        ("label:", "labell:", "'label'"),
    ],
)
def test_a_typo_in_published_yaml_suggests_the_key(tmp_path, old, new, hint):
    with pytest.raises(InputError, match=rf"published\.yaml: unknown key '.*Did you mean {hint}\?"):
        load_published(published_with(tmp_path, old, new))


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        ("kind: number", "kind: numbr", "claims.0.*numbr.*number"),
        ("own_recipe: true", "own_recipe: false", "name in 'data' the data sets"),
        ("id: beats_chance", "id: auc", "used twice: auc"),
        ("      abs: 0.01", "      abs: 0.01\n      rel: 0.1", "either abs or rel"),
        ("      abs: 0.01", "      abs: 0.0", "greater than 0"),
        ("source: article", "source: hearsay", "claims.0.number.source"),
        ('arxiv: "0000.00000"', "arxiv: 0000.00000", "paper.arxiv"),
    ],
)
def test_a_claim_that_says_too_little_is_refused(tmp_path, old, new, expected):
    with pytest.raises(InputError, match=rf"published\.yaml: .*{expected}"):
        load_published(published_with(tmp_path, old, new))
