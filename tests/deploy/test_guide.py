"""What docs/clusters.md tells is what is shipped."""

from __future__ import annotations

import re

from lint import DEPLOY
from manifests import FILES, pod

PAGE = (DEPLOY.parent / "docs" / "clusters.md").read_text(encoding="utf-8")
CELLS = [re.split(r" *\| *", line)[1:-1] for line in PAGE.splitlines() if line.startswith("| ")]


def test_it_speaks_of_every_file_and_of_none_that_is_not_there():
    named = set(re.findall(r"deploy/\w+(?:/\w+\.\w+)?", PAGE))
    assert all((DEPLOY.parent / name).exists() for name in named)
    shipped = [*FILES, *(DEPLOY / "slurm").iterdir()]
    assert len(shipped) >= 6 and all(f"`{path.name}`" in PAGE for path in shipped)


def test_what_it_says_is_requested_is_requested():
    for name in ("serve", "predict", "train"):
        requests = pod(f"{name}.yaml")["containers"][0]["resources"]["requests"]
        memory = re.sub(r"([MG]i)$", r" \1B", requests["memory"])
        told = f"{requests['cpu']} cores, {memory}"
        script = DEPLOY / "slurm" / f"{name}.sbatch"
        if script.exists():
            cores, gb = re.findall(r"--(?:cpus-per-task|mem)=(\w+)", script.read_text())
            told += f" (Slurm: {cores}, {gb.removesuffix('G')} GB)"
        assert [name, told] in [cells[:2] for cells in CELLS]


def test_each_image_has_what_its_manifest_calls():
    images = [cells[1:] for cells in CELLS if cells[-1].endswith(".yaml`")]
    assert len(images) == 3
    needs = {"predict": "train", "serve": "serve", "torchrun": "torch", "train": "train"}
    for extras, manifest in images:
        words = " ".join(pod(manifest.strip("`"))["containers"][0]["command"]).split()
        needed = {needs[word] for word in words if word in needs}
        assert needed and needed <= set(extras.strip("`").split(","))
