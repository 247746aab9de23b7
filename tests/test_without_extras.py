"""What works, and what is said, where only the base dependencies are installed."""

from __future__ import annotations

import subprocess
import sys

BLOCK = """
import sys
class Absent:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in {absent}:
            raise ModuleNotFoundError(f"No module named {{name!r}}", name=name.partition(".")[0])
sys.meta_path.insert(0, Absent())
"""
EXTRAS = ("keras", "optuna", "torch", "sklearn", "scipy", "pyarrow", "matplotlib", "jinja2")
EXTRAS += ("fastapi",)


def run(code, *arguments, stdin="", absent=EXTRAS, strict=True):
    return subprocess.run(
        [
            *(sys.executable, *(["-W", "error"] if strict else [])),
            *("-c", BLOCK.format(absent=absent) + code, *map(str, arguments)),
        ],
        input=stdin,
        capture_output=True,
        text=True,
        timeout=60,
    )


def command(*arguments, stdin="", **options):
    return run("from bothways.cli import main; main()", *arguments, stdin=stdin, **options)


def test_predict_and_info_need_nothing_more(tiny_model):
    done = command("predict", tiny_model, stdin="good film\n\nbad\n")
    assert done.returncode == 0, done.stderr
    assert [line.split("\t")[0] for line in done.stdout.splitlines()][::2] == ["pos", "neg"]
    assert command("info").returncode == command("info", tiny_model).returncode == 0


def test_inspect_needs_more_for_pages_and_trainings_alone(tiny_model, tmp_path):
    (tmp_path / "a.csv").write_text("text,label\ngood,pos\nbad,neg\n")
    done = command("inspect", tmp_path / "a.csv", "--model", tiny_model)
    assert done.returncode == 0 and "0 of 2 labels" in done.stdout, done


def test_compress_needs_more_for_the_accuracy_alone(tiny_model, tmp_path):
    (tmp_path / "texts.txt").write_text("good film\nbad\n")
    (tmp_path / "a.csv").write_text("text,label\ngood,pos\nbad,neg\n")
    begin = ("compress", tiny_model, "--out", tmp_path / "small", "--data")
    done = command(*begin, tmp_path / "a.csv")
    assert done.returncode == 1 and "measuring the accuracy needs sklearn" in done.stderr
    assert not (tmp_path / "small").exists()
    assert command(*begin, tmp_path / "texts.txt").returncode == 0
    assert command("predict", tmp_path / "small", stdin="good\n").stdout.startswith("pos")


def test_python_needs_nothing_more(tiny_model):
    code = (
        f"import bothways; print(bothways.load({str(tiny_model)!r}).predict(['good']));"
        "from bothways import TextVectorizer; TextVectorizer().adapt(['a b']);"
        "print(bothways.read.__name__)"
    )
    assert run(code).stdout == "['pos']\nread\n"


def test_what_is_missing_is_said_in_one_sentence(tiny_model, tmp_path):
    path = tmp_path / "a.csv"
    path.write_text("text,label\n" + "".join(f"x{n},a\ny{n},b\n" for n in range(9)))
    for arguments in (
        ("train", path, "--out", tmp_path / "m"),
        ("evaluate", tiny_model, path),
        ("demo", "--out", tmp_path / "d"),
        ("inspect", path, "--html", tmp_path / "page.html"),
        ("inspect", path, "--suspicious"),
    ):
        done = command(*arguments)
        assert done.returncode == 1
        assert done.stderr.splitlines()[-1].endswith("pip install 'bothways[train]'")
        assert "Traceback" not in done.stderr
    assert sorted(p.name for p in tmp_path.iterdir()) == ["a.csv"]
    extras = {"nn": "torch", "keras": "keras", "estimators": "train", "serving": "serve"}
    for module, extra in extras.items():
        done = run(f"import bothways.{module}")
        assert "MissingExtraError" in done.stderr and f"bothways[{extra}]" in done.stderr


def test_only_a_search_needs_optuna(tmp_path):
    path = tmp_path / "a.csv"
    path.write_text("text,label\n" + "x,a\ny,b\n" * 9)
    options = {"absent": ("optuna",), "strict": False}
    done = command("train", path, "--out", tmp_path / "m", "--autotune", "9s", **options)
    assert done.returncode == 1
    assert done.stderr == (
        "bothways: --autotune needs optuna, which is not installed: pip install 'bothways[tune]'\n"
    )
    done = command("train", path, "--out", tmp_path / "m", "--epochs", "1", **options)
    assert done.returncode == 0, done.stderr


def test_training_needs_no_torch_but_for_a_gpu(tmp_path):
    path = tmp_path / "a.csv"
    path.write_text("text,label\n" + "x,a\ny,b\n" * 9)
    options = {"absent": ("torch",), "strict": False}  # strict for ourselves, not scikit-learn
    done = command("train", path, "--out", tmp_path / "m", "--epochs", "1", **options)
    assert done.returncode == 0, done.stderr
    assert command("evaluate", tmp_path / "m", path, **options).returncode == 0
    done = command("train", path, "--out", tmp_path / "n", "--device", "cuda", **options)
    assert done.returncode == 1
    assert done.stderr.splitlines()[-1] == (
        "bothways: device 'cuda' needs torch, which is not installed: pip install 'bothways[torch]'"
    )


def test_the_loop_needs_no_extra_where_nothing_is_held_out():
    code = """
import numpy as np
from bothways import Ragged
from bothways.artifact import NetworkSpec
from bothways.training import Examples, fit, new_learner, preset
train = Examples(Ragged.from_list([[2, 3], [3]] * 8), np.array([0, 1] * 8))
with new_learner(NetworkSpec(4, 3, True, "concat", "last", 1), 5, preset("classic")) as learner:
    print(len(fit(learner, train, None, preset("classic"))))
    fit(learner, train, train, preset("classic"))
"""
    done = run(code)
    assert done.stdout == "10\n"
    assert done.stderr.splitlines()[-1].endswith("pip install 'bothways[train]'")


def test_exports_say_what_they_need(tiny_model, tmp_path):
    for form, name, absent, extra in (
        ("onnx", "m.onnx", "onnx", "onnx"),
        ("onnx", "m.onnx", "onnxruntime", "onnx"),
        ("torch", "m.safetensors", "torch", "torch"),
    ):
        done = command("export", tiny_model, tmp_path / name, "--to", form, absent=(absent,))
        assert done.returncode == 1
        assert done.stderr.endswith(f"needs {absent}, which is not installed: "
                                    f"pip install 'bothways[{extra}]'\n")  # fmt: skip
    assert list(tmp_path.iterdir()) == []


def test_a_state_dict_and_a_folder_need_nothing_more(tiny_model, tmp_path):
    files = tmp_path / "m.safetensors", tmp_path / "m"
    exported = run(
        "import sys; from bothways import interop; interop.export(*sys.argv[1:3], to='torch')",
        *(tiny_model, files[0]),
        absent=(),
        strict=False,
    )
    assert exported.returncode == 0, exported.stderr
    absent = (*EXTRAS, "h5py", "keras", "onnx", "huggingface_hub")
    done = command("import", files[0], "--out", files[1], absent=absent)
    assert done.returncode == 0, done.stderr
    code = "import bothways, sys; print(bothways.Model.from_pretrained(sys.argv[1]).labels)"
    done = run(code, files[1], absent=absent)
    assert done.stdout == "['neg', 'pos']\n"
    done = run(code, "me/my-model", absent=absent)
    assert done.stderr.endswith(
        "me/my-model is no folder here; asking the hub for it needs huggingface_hub, which is not "
        "installed: pip install 'bothways[hub]'\n"
    )


def test_keras_files_need_h5py_alone(tiny_model, tmp_path):
    from bothways import artifact
    from bothways.interop import _keras_write

    spec, tensors = artifact.load(tiny_model)
    for name, data in _keras_write.encode(spec, tensors, "m.keras").items():
        (tmp_path / name).write_bytes(data)
    words = ("--vocabulary", tmp_path / "m.keras.json")
    arguments = ("import", tmp_path / "m.keras", "--out", tmp_path / "m", *words)
    assert command(*arguments, absent=(*EXTRAS, "keras", "jax", "tensorflow")).returncode == 0
    assert command("predict", tmp_path / "m", stdin="good\n").returncode == 0
    file = tmp_path / "n.keras"
    for line in (
        ("import", tmp_path / "m.keras", "--out", tmp_path / "n", *words),
        ("export", tiny_model, file, "--to", "keras"),
    ):
        done = command(*line, absent=("h5py",))
        assert done.returncode == 1
        assert done.stderr.endswith(
            "ing a Keras file needs h5py, which is not installed: pip install 'bothways[h5]'\n"
        )
    assert not file.exists() and not (tmp_path / "n").exists()


def test_scoring_says_what_it_needs(tiny_model, tmp_path):
    (tmp_path / "a.csv").write_text("text,n\ngood,1\n")
    begin = ("predict", tiny_model, tmp_path / "a.csv", "--out", tmp_path / "out")
    done = command(*begin)
    assert done.returncode == 1 and "pip install 'bothways[train]'" in done.stderr
    done = command(*begin, "--engine", "ray", absent=("ray",))
    assert done.returncode == 1
    said = "bothways: --engine ray needs ray, which is not installed: pip install 'bothways[ray]'"
    assert said == done.stderr.strip()
    assert not (tmp_path / "out").exists()
    done = command(*begin, absent=("torch", "sklearn", "scipy", "ray"))
    assert done.returncode == 0, done.stderr
