"""What the stages decide and draw, units and windows, and the generator's constants (arXiv:1909.12285)."""

from itertools import combinations

import numpy as np
import pytest
import torch
from scipy.stats import norm

from common.settings import load_settings
from common.workflow.closure import ROOT
from papers.hbb import simulate
from papers.hbb.archive import branches
from papers.hbb.generator import material, tracking
from papers.hbb.generator.clustering import cluster
from papers.hbb.generator.collisions import Collisions, Particles, Truth
from papers.hbb.generator.ntuple import labels
from papers.hbb.generator.pileup import Pool, read_pool
from papers.hbb.metrics.decorrelation import DDT, mass_edges, measure_cut
from papers.hbb.metrics.scored_jets import Sample
from papers.hbb.metrics.sculpting import jensen_shannon
from papers.hbb.plots.decorrelation import fig2_sculpting, fig3_decorrelation
from papers.hbb.plots.jets import fig6_inputs
from papers.hbb.plots.losses import fig7_loss
from papers.hbb.plots.sources import Inputs
from papers.hbb.plots.tagging import fig1_roc, fig4_pileup, fig5_kinematics
from papers.hbb.prepare import window_cuts
from papers.hbb.settings import Settings
from papers.hbb.tests.chain import PaperChain, smoke_settings
from papers.hbb.tests.prepared_jets import make_jets, write_jets
from tests.guards.chain import call
from tests.run_settings import write_settings


def settings(run="small"):
    return load_settings(ROOT / "papers/hbb", run, Settings)


# ---- scaling ----


def test_the_scaling_is_that_of_the_used_places_of_the_training_jets_in_the_window(tmp_path):
    """Stored by the stage itself; the validation jets are ten times larger, the jets beyond the window as well."""
    content = smoke_settings({"train": {"experiments": {"interaction_standardised": {"batch": 50}}}})
    write_settings(tmp_path / "settings.yaml", facts=content.pop("run"), **content)
    for number, split in enumerate(("train", "valid")):
        jets = make_jets(150, np.random.default_rng(number), n_places={"tracks": 9, "vertices": 3})
        for name in ("tracks", "vertices"):
            jets[name] *= np.where(jets["in_window"] & (split == "train"), 1, 10)[:, None, None].astype(np.float32)
        write_jets(tmp_path / f"prepared/{split}_0.root.h5", jets)
        if split == "train":
            training = {name: values[jets["in_window"]] for name, values in jets.items()}
    call(
        "papers.hbb.train",
        **{"settings": tmp_path / "settings.yaml", "prepared": tmp_path / "prepared", "seed": 0, "threads": 1},
        **{"model": tmp_path / "seed0/x/model.pt", "history": tmp_path / "seed0/x/history.csv"},
        method="interaction_standardised",
    )
    stored = torch.load(tmp_path / "seed0/x/model.pt", weights_only=False)["scaling"]
    for name in ("tracks", "vertices"):
        places = [values[:n] for values, n in zip(training[name], training[f"n_{name}"], strict=True)]
        used = np.concatenate(places).astype(float)
        assert stored["mean"][name] == pytest.approx(np.median(used, axis=0), rel=1e-6)
        low, high = np.percentile(used, [10, 90], axis=0)
        assert stored["spread"][name] == pytest.approx((high - low) / 2, rel=1e-6)


# ---- windows and units ----


@pytest.mark.parametrize("run", ["smoke", "generated", "small", "full"])
def test_windows_and_bins_are_those_of_the_authors_code(run):
    """make_good_plots.py: 300 to 2000 GeV, 40 to 200 GeV, rho from -8 to -1; 8 bins; 30 and 50 %; 50, 90 and 95 %."""
    found = settings(run)
    window, evaluate = found.prepare.window, found.evaluate
    assert (window.pt_gev, window.softdrop_mass_gev, window.rho) == ((300, 2000), (40, 200), (-8, -1))
    assert found.train.within_window and found.train.mass_range_gev == evaluate.mass_range_gev == (40, 200)
    assert mass_edges(evaluate).tolist() == [40, 60, 80, 100, 120, 140, 160, 180, 200]
    assert evaluate.signal_efficiencies == [0.3, 0.5]
    assert evaluate.decorrelation_efficiencies == [0.5, 0.9, 0.95]


def test_a_jet_is_in_the_window_by_momentum_mass_and_their_ratio():
    jets = {  # pT [GeV], soft-drop mass [GeV], in the window
        (301, 100): True, (299, 100): False, (1999, 100): True, (2001, 100): False,
        (500, 41): True, (500, 39): False, (500, 199): True, (500, 201): False,
        (320, 192): True, (310, 195): False, (1999, 41): True,
    }  # rho is -1 at a mass of 0.6065 pT, and -8 below the window of the mass  # fmt: skip
    pt, mass = np.array(list(jets), np.float32).T
    cuts = window_cuts({"fj_pt": pt, "fj_sdmass": mass}, settings().prepare.window)
    assert np.logical_and.reduce(list(cuts.values())).tolist() == list(jets.values())
    rho = window_cuts(
        {"fj_pt": np.array([1000.0, 1000]), "fj_sdmass": np.array([18.2, 18.5])}, settings().prepare.window
    )["-8 < rho < -1"]
    assert rho.tolist() == [False, True], "ln(m^2/pT^2) is -8 at 18.3 GeV of 1 TeV"


# ---- errors ----


def test_errors_of_the_divergence_have_coverage():
    """The mean error is the scatter of values from sample to sample, for jets whose mass is sculpted."""
    config = settings("smoke").evaluate.model_copy(update={"n_bootstrap": 50, "n_chance": 2})
    found = {"djs_50": [], "djs_excess_50": []}
    for seed in range(120):
        random = np.random.default_rng(seed)
        mass = random.uniform(40, 200, 700)
        passed = random.random(700) < np.where(mass > 120, 0.5, 0.1)
        sample = Sample(np.zeros(700, int) | (np.arange(700) >= 690), np.ones(700, bool), {"fj_sdmass": mass}, None, {})
        metrics = measure_cut(sample, "50", passed, config, seed=seed)
        for name, rows in found.items():
            rows.append((metrics[name]["value"], metrics[name]["error"]))
    for name, rows in found.items():
        values, errors = np.array(rows).T
        assert errors.mean() == pytest.approx(values.std(ddof=1), rel=0.2), name


# ---- the generator ----


def test_the_generators_constants_are_those_of_nature_and_of_the_detector():
    assert pytest.approx(0.299792458 * 3.8 / 100, rel=2e-3) == 1 / tracking.RADIUS_CM_PER_GEV  # CMS: 3.8 T
    assert pytest.approx(0.13957, abs=1e-5) == material.PION_GEV  # PDG
    assert [material.MASS_GEV[pid] for pid in (11, 13)] == pytest.approx([0.000511, 0.105658], rel=1e-3)
    assert tracking.FIRST_LAYERS_CM[:3].tolist() == material.LAYER_RADII_CM[1:].tolist() == [4.4, 7.3, 10.2]


def massless(pt_gev, eta, phi):
    pt_gev, eta, phi = np.broadcast_arrays(np.asarray(pt_gev, float), eta, phi)
    return np.stack([pt_gev * np.cos(phi), pt_gev * np.sin(phi), pt_gev * np.sinh(eta), pt_gev * np.cosh(eta)], -1)


@pytest.mark.parametrize(("distance", "share", "kept"), [(0.5, 0.12, True), (0.5, 0.08, False), (0.75, 0.12, True)])
def test_soft_drop_keeps_a_prong_with_more_than_a_tenth_of_the_momentum(distance, share, kept):
    p4 = massless([1000 * (1 - share), 1000 * share], [0.1, 0.1], [0.3, 0.3 + distance])
    jets = cluster(np.zeros(2, int), p4, n_events=1)
    both = 1000 * np.sqrt(2 * share * (1 - share) * (1 - np.cos(distance)))  # [GeV]
    assert jets.softdrop_mass == pytest.approx([both if kept else 0], rel=1e-5, abs=0.01)


@pytest.mark.parametrize(("distance", "n_jets"), [(0.79, 1), (0.81, 2)])
def test_jets_have_the_radius_of_the_record(distance, n_jets):
    p4 = massless([600, 300], [0.0, 0.0], [1.0, 1.0 + distance])
    jets = cluster(np.zeros(2, int), p4, n_events=1)
    assert len(jets.event) == n_jets


@pytest.mark.parametrize(("distances", "is_higgs"), [((0.5, 0.55), True), ((0.5, 0.65), False), ((0.65, 0.5), False)])
def test_a_higgs_jet_has_both_quarks_near(distances, is_higgs):
    jets = cluster(np.zeros(1, int), massless([800], [0.2], [0.5]), n_events=1)
    quarks = tuple(massless([300], [0.2], [0.5 + d]) for d in distances)
    none = Particles(np.zeros(0, int), np.zeros(0, int), np.zeros((0, 4)), np.zeros((0, 3)))
    higgs = Particles(np.zeros(1, int), np.array([25]), quarks[0] + quarks[1], np.zeros((1, 3)))
    found = labels(Collisions(1, none, Truth(none, none, higgs, quarks)), jets, is_qcd=False)
    assert found["fj_isH"].tolist() == [is_higgs] and found["fj_isQCD"].tolist() == [not is_higgs]


def source_of(monkeypatch, *, n_pileup):
    """A source of two jets back to back in each of 40 collisions, with pile-up of 30 photons of 2 GeV each."""
    n_events, random = 40, np.random.default_rng(8)
    n_photons, n_collisions = 30, 50
    eta, phi = random.uniform(-3, 3, n_photons * n_collisions), random.uniform(-np.pi, np.pi, n_photons * n_collisions)
    pool = Pool(
        np.arange(n_collisions + 1) * n_photons, np.full(len(eta), 22), massless(2.0, eta, phi), np.zeros((len(eta), 3))
    )
    event = np.repeat(np.arange(n_events), 2)
    p4 = massless(700, np.zeros(len(event)), np.tile([0.0, np.pi], n_events))
    hard = Particles(event, np.full(len(event), 22), p4, np.zeros((len(event), 3)))
    none = hard.take(np.zeros(len(event), bool))
    collisions = Collisions(n_events, hard, Truth(none, none, none, (np.zeros((0, 4)),) * 2))

    class Fixed:
        def batch(self, n_events):
            return collisions

    monkeypatch.setattr(simulate.Source, "_generator", lambda self, kind, choice: Fixed())
    monkeypatch.setattr(simulate, "pass_material", lambda particles, random: particles)
    config = settings("smoke").simulate.model_copy(update={"pileup_mean": n_pileup, "pileup_sigma": 0.1})
    return simulate.Source(config, pool, seed=1)


def test_pools_of_two_splits_have_no_collision_in_common(tmp_path):
    """By the stage itself, whose output tells it the split."""
    content = smoke_settings({})
    settings_file = write_settings(tmp_path / "settings.yaml", facts=content.pop("run"), **content)
    momenta = {}
    for split in ("train", "valid", "test"):
        call("papers.hbb.simulate_pileup", settings=settings_file, pool=tmp_path / f"pileup_{split}.npz")
        momenta[split] = {p4.tobytes() for p4 in read_pool(tmp_path / f"pileup_{split}.npz").p4}
    assert all(len(found) > 100 for found in momenta.values())
    for one, other in combinations(momenta.values(), 2):
        assert not one & other


def test_pile_up_grows_with_the_number_of_overlaid_collisions(monkeypatch):
    """A jet covers pi 0.8^2 of the 12 pi of the plane (|eta| < 3), so each collision gives it 1.6 photons of 2 GeV."""
    found = {}
    for n_pileup in (2, 40):
        flat = source_of(monkeypatch, n_pileup=n_pileup).next().flat
        found[n_pileup] = {name: np.mean(flat[name]) for name in ("npfcands", "npv", "ntrueInt", "fj_pt")}
    more = {name: found[40][name] - found[2][name] for name in found[2]}
    photons = 38 * 30 * 0.8**2 / 12
    assert more["npfcands"] == pytest.approx(photons, rel=0.12)
    assert more["fj_pt"] == pytest.approx(2 * photons, rel=0.25)  # [GeV]
    assert more["npv"] == pytest.approx(38 * 0.75, rel=0.1) and more["ntrueInt"] == pytest.approx(38, rel=0.01)


# ---- figures ----


BINS = {"npv_edges": [0, 12, 24, 36, 50], "pt_edges_gev": [300, 500, 800, 2000], "eta_edges": [-2.4, -0.8, 0.8, 2.4]}


def figure_inputs():
    """Made jets with the scores of two taggers, and metrics and histories in which no two numbers are equal."""
    config = settings("smoke").evaluate.model_copy(update={"mistag": 0.2, **BINS})
    random = np.random.default_rng(6)
    jets = make_jets(900, random, n_places={"tracks": 3, "vertices": 2})
    spectators = {name: jets["spectators"][:, k] for k, name in enumerate(branches.SPECTATORS)}
    names = ("interaction", "interaction_standardised", "double_b", "variables")
    scores = {name: norm.cdf(random.normal((1 + k) * jets["label"])) for k, name in enumerate(names)}
    everything = Sample(jets["label"], jets["in_window"], spectators, jets["variables"], scores)
    inside, metrics = everything.within(), {}
    keys = [*(f"{100 * e:.0f}" for e in config.decorrelation_efficiencies), "mistag"]
    for name in [*names, *DDT.values()]:
        of = [f"{metric}_{key}" for metric in ("djs", "mistag", "shuffled_djs") for key in keys] + ["auc", "auc_all"]
        for metric in of:
            metrics[f"{name}.{metric}"] = {"value": random.uniform(0.1, 0.9), "error": random.uniform(0.01, 0.03)}
    passed = {f"passed_{key}": random.random(len(inside.label)) < 0.4 for key in keys}
    decorrelated = {cut: passed | {"roc": random.random((5, 2))} for cut in DDT.values()}
    history = {name: [{"epoch": np.arange(1.0, 6)} | {f"{of}_loss": random.random(5) for of in ("train", "valid")}]
               for name in names}  # fmt: skip
    reference = {f"feature.{name}": 20.0 for name in ("qcd.largest_sip3d_significance", "pt_mean", "npv_mean")}

    class Tracks:
        def __len__(self):
            return 900

        def batches(self, names, *, size, order):
            yield {"tracks": jets["tracks"][order]}

    return Inputs(config, inside, everything, Tracks(), decorrelated, history, metrics, reference), jets


FIGURES = (fig1_roc, fig2_sculpting, fig3_decorrelation, fig4_pileup, fig5_kinematics, fig6_inputs, fig7_loss)


def drawn_arrays(figure):
    """Yield the y values of all lines and steps; those of error bars are the points that they belong to."""
    for axes in figure.axes:
        caps = [cap for container in axes.containers for cap in getattr(container, "lines", [(), ()])[1]]
        for line in (line for line in axes.lines if line not in caps):
            yield np.asarray(line.get_ydata(), float)
        for patch in axes.patches:
            if hasattr(patch, "get_data"):
                yield np.asarray(patch.get_data().values, float)


@pytest.mark.parametrize("draw", FIGURES)
def test_all_that_is_drawn_is_a_column_of_the_csv(draw):
    inputs, _ = figure_inputs()
    figure, columns = draw(inputs)
    arrays = [array for array in drawn_arrays(figure) if len(array) > 2]
    assert arrays
    known = [np.asarray(values, float) for values in columns.values()]
    for array in arrays:
        assert any(len(array) == len(other) and np.allclose(array, other, rtol=1e-6) for other in known), array


def test_the_columns_are_what_they_are_called():
    """Curves and bins again from the jets, by plain counting."""
    inputs, jets = figure_inputs()
    test, config = inputs.test, inputs.config
    _, roc = fig1_roc(inputs)
    for number, sample in enumerate((test, inputs.everything)):
        for name, score in sample.scores.items():
            cuts = np.sort(score)[::-1]
            for kind, label in (("signal", 1), ("background", 0)):
                rates = np.r_[0, [(score[sample.label == label] >= cut).mean() for cut in cuts]]
                found = roc[f"{name}_{kind}_{number}"]
                assert np.allclose(found, rates[:: len(rates) // 400]), (name, number, kind)
    _, pileup = fig4_pileup(inputs)
    _, bins = fig5_kinematics(inputs)
    for name, score in test.scores.items():
        cut = np.sort(score[test.label == 0])[::-1][int(config.mistag * (test.label == 0).sum())]
        for kind, label in (("efficiency", 1), ("mistag", 0)):
            for k in range(len(config.pt_edges_gev) - 1):
                low, high = config.pt_edges_gev[k : k + 2]
                here = (test.label == label) & (test.spectators["fj_pt"] >= low) & (test.spectators["fj_pt"] < high)
                assert bins[f"pt_{kind}_{name}_rate"][k] == pytest.approx((score[here] > cut).mean(), abs=0.02)
        low, high = config.npv_edges[:2]
        here = (test.spectators["npv"] >= low) & (test.spectators["npv"] < high)
        own = np.quantile(score[here & (test.label == 0)], 1 - config.mistag)
        expected = (score[here & (test.label == 1)] > own).mean()
        assert pileup[f"{name}_efficiency"][0] == pytest.approx(expected, abs=0.03)
    _, shapes = fig6_inputs(inputs)
    for kind, label in (("qcd", 0), ("higgs", 1)):
        chosen = np.clip(inputs.everything.spectators["fj_pt"][jets["label"] == label], 200, 2600)
        expected = np.histogram(chosen, np.linspace(200, 2600, 49))[0] / (jets["label"] == label).sum()
        assert np.allclose(shapes[f"pt_{kind}"], expected)


def test_the_figures_of_sculpting_show_the_passing_qcd_jets_and_the_stored_divergences():
    inputs, _ = figure_inputs()
    qcd, edges = inputs.test.label == 0, np.linspace(40, 200, 9)
    mass = inputs.test.spectators["fj_sdmass"][qcd]
    _, found = fig2_sculpting(inputs)
    ddt = inputs.decorrelated["ddt"]["passed_mistag"][qcd]
    for name, mask in (("no_cut", np.ones(len(mass), bool)), ("DDT", ddt)):
        expected = np.histogram(mass[mask], edges)[0]
        assert np.allclose(found[f"{name}_density"], expected / mask.sum() / 20)
        assert np.allclose(found[f"{name}_error"], np.sqrt(expected) / mask.sum() / 20)
    assert jensen_shannon(found["no_cut_density"], found["plain_cut_density"]) < 0.1
    _, points = fig3_decorrelation(inputs)
    for name in ("interaction", "double_b", "ddt"):
        for k, key in enumerate(("50", "90", "95")):
            values = {of: inputs.metrics[f"{name}.{of}_{key}"] for of in ("djs", "mistag")}
            assert points[f"{name}_inverse_djs"][k] == pytest.approx(1 / values["djs"]["value"])
            assert points[f"{name}_rejection"][k] == pytest.approx(1 / values["mistag"]["value"])
            relative = values["djs"]["error"] / values["djs"]["value"]
            assert points[f"{name}_error"][k] == pytest.approx(relative / values["djs"]["value"])
    _, losses = fig7_loss(inputs)
    for name, (history,) in inputs.histories.items():
        for column, values in history.items():
            assert np.array_equal(losses[f"{name}_0_{column}"], values)


# ---- what a training stores ----


@pytest.mark.parametrize("method", ["interaction", "variables", "double_b"])
def test_each_stage_of_training_stores_the_best_weights_as_judged_on_the_validation_jets(method, tmp_path):
    if method == "double_b":
        pytest.importorskip("tensorflow", reason="needs the extra tensorflow")
    chain = PaperChain(tmp_path)
    chain.make()
    chain.methods = [method]
    chain.train()
    history = chain.history(method)
    losses = history["valid_loss"]
    assert chain.stored_loss(method) == pytest.approx(losses.min(), rel=1e-4)
    assert losses[-1] > 1.01 * losses.min(), "the last epoch must not be the best one"
    assert history["learning_rate"] == pytest.approx(chain.learning_rate(method), rel=1e-6)


def test_no_collision_is_in_two_generated_files(tmp_path):
    files = list(PaperChain(tmp_path).generated_files(tmp_path / "generated").values())
    assert len(files) == 5 and all(files)
    assert len(set.union(*files)) == sum(map(len, files))
