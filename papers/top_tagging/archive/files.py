"""What the files of the comparison are called; datasets.yaml says where they are (arXiv:1902.09914, Sec. 2 and 4)."""

LABELS = "labels.pkl"
JETS = {"train": "train.h5", "valid": "val.h5", "test": "test.h5"}  # split -> file
SCORES = {  # tagger -> file with the scores of one of its trainings
    "EFN": "EFN_v0.npy",
    "EFP": "EFP_v0.npy",
    "P-CNN": "P-CNN_v2.npy",
    "PFN": "PFN_v0.npy",
    "ParticleNet": "ParticleNet_v2.npy",
    "ResNeXt": "ResNeXt50_v2.npy",
    "TopoDNN": "topodnn_v2.npy",
}
DATASETS = {"labels": [LABELS], "scores": list(SCORES.values()), "reference_jets": list(JETS.values())}
ALL = [file for files in DATASETS.values() for file in files]


def expand(entries: list[str]) -> list[str]:
    """Return "<data set>/<file>" for all entries; the entry "<data set>/*" stands for all files of the data set."""
    expanded = []
    for entry in entries:
        dataset, _, file = entry.partition("/")
        is_pattern = file == "*" and dataset in DATASETS
        expanded += [f"{dataset}/{name}" for name in DATASETS[dataset]] if is_pattern else [entry]
    return expanded
