"""The manifests pass their linters, and their commands run."""

from __future__ import annotations

import subprocess

import httpx
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from lint import lint
from manifests import FILES, command, objects, pod
from started import free_port, run_together

from bothways.serving import Limits
from conftest import tiny_corpus

RULES = """
extends: default
rules:
  line-length: {max: 120}
  document-start: disable
  octal-values: enable
"""


def test_yamllint_finds_nothing():
    lint("yamllint", "--strict", "--config-data", RULES, *FILES)


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.name)
def test_they_follow_the_schemas_of_kubernetes(file):
    lint("kubernetes-validate", "--strict", file)


@pytest.mark.parametrize("name", [file.name for file in FILES if file.name != "storage.yaml"])
def test_pods_are_no_one_and_write_to_volumes_alone(name):
    spec = pod(name)
    (container,) = spec["containers"]
    assert spec["securityContext"]["runAsNonRoot"] and not spec["automountServiceAccountToken"]
    assert container["securityContext"] == {
        "allowPrivilegeEscalation": False,
        "readOnlyRootFilesystem": True,
        "capabilities": {"drop": ["ALL"]},
    }
    assert {"requests", "limits"} <= container["resources"].keys()
    claim = objects("storage.yaml")["PersistentVolumeClaim"]["metadata"]["name"]
    claims = [volume.get("persistentVolumeClaim") for volume in spec["volumes"]]
    assert {"claimName": claim} in claims
    threads = [*container["command"], *container["args"]]
    requested = container["resources"]["requests"]["cpu"]
    assert threads[threads.index("--threads") + 1] == requested
    mounted = {mount["name"] for mount in container["volumeMounts"]}
    assert mounted == {volume["name"] for volume in spec["volumes"]}


def test_the_service_answers_its_probes_and_ends_in_time(tiny_model, tmp_path):
    spec = pod("serve.yaml")
    (container,) = spec["containers"]
    place(tiny_model, tmp_path)
    (tmp_path / "token").write_text("a-token\n")
    words, environment = command(container, tmp_path)
    words[words.index("--token-file") + 1] = str(tmp_path / "token")
    words[words.index("0.0.0.0")] = "127.0.0.1"
    words += ["--port", "0"]
    with subprocess.Popen(words, stderr=subprocess.PIPE, text=True, env=environment) as process:
        try:
            url = process.stderr.readline().split()[-1]
            for probe in ("startupProbe", "livenessProbe", "readinessProbe"):
                assert httpx.get(url + container[probe]["httpGet"]["path"]).status_code == 200
            question = {"text": "a good film"}
            assert httpx.post(url + "/predict", json=question).status_code == 401
            allowed = {"authorization": "Bearer a-token"}
            done = httpx.post(url + "/predict", json=question, headers=allowed)
            assert done.status_code == 200
        finally:
            process.terminate()
        assert process.wait(20) == 0
    program, seconds = container["lifecycle"]["preStop"]["exec"]["command"]
    assert program == "sleep"
    assert spec["terminationGracePeriodSeconds"] > int(seconds) + Limits().grace


def test_what_selects_the_pods_of_the_service_finds_them():
    found = objects("serve.yaml")
    labels = found["Deployment"]["spec"]["template"]["metadata"]["labels"]
    assert found["Service"]["spec"]["selector"] == labels
    assert found["Deployment"]["spec"]["selector"]["matchLabels"] == labels
    budget = found["PodDisruptionBudget"]["spec"]
    assert budget["selector"]["matchLabels"] == labels
    assert budget["minAvailable"] < found["Deployment"]["spec"]["replicas"]
    ports = found["Deployment"]["spec"]["template"]["spec"]["containers"][0]["ports"]
    assert found["Service"]["spec"]["ports"][0]["targetPort"] in [port["name"] for port in ports]


def test_the_tasks_score_every_shard_once(tiny_model, tmp_path):
    job = objects("predict.yaml")["Job"]["spec"]
    (container,) = job["template"]["spec"]["containers"]
    place(tiny_model, tmp_path)
    rows = pa.table({"text": ["a good film", None]})
    for n in range(18):
        pq.write_table(rows, tmp_path / "shards" / f"part-{n:02}.parquet")
    found = []
    for index in (0, 1, job["completions"] - 1):
        words, environment = command(container, tmp_path, JOB_COMPLETION_INDEX=str(index))
        run_together([(words, environment)])
        found.append([path.stem for path in sorted(tmp_path.glob(f"scored/{index}/*.parquet"))])
    assert found == [["part-00", "part-16"], ["part-01", "part-17"], ["part-15"]]
    assert job["completionMode"] == "Indexed"


def test_the_pods_train_one_model(tmp_path):
    found = objects("train.yaml")
    job, service = found["Job"]["spec"], found["Service"]
    spec = job["template"]["spec"]
    (container,) = spec["containers"]
    given = {entry["name"]: entry["value"] for entry in container["env"]}
    assert job["completionMode"] == "Indexed" and job["completions"] == job["parallelism"] >= 2
    assert int(given["NODES"]) == job["completions"]
    # Of the pods of an Indexed Job the names are JOB-INDEX, within the subdomain of the Service.
    host = given["RENDEZVOUS"].partition(":")[0]
    assert host == f"{found['Job']['metadata']['name']}-0.{service['metadata']['name']}"
    assert spec["subdomain"] == service["metadata"]["name"]
    assert service["spec"]["selector"] == job["template"]["metadata"]["labels"]

    (tmp_path / "shards").mkdir()
    texts, labels = tiny_corpus(200)
    for n in range(2):
        rows = pa.table({"text": texts[n::2], "label": labels[n::2]})
        pq.write_table(rows, tmp_path / "shards" / f"{n}.parquet")
    meeting = f"127.0.0.1:{free_port()}"
    pods = [
        command(container, tmp_path, JOB_COMPLETION_INDEX=str(index), RENDEZVOUS=meeting)
        for index in range(job["completions"])
    ]
    said = run_together([([*words, "--epochs", "2"], environment) for words, environment in pods])
    assert said.count(f"saved {tmp_path}/models/my-model") == 1
    assert (tmp_path / "models" / "my-model" / "spec.json").exists()


def place(model, shared):
    """Put a model where the manifests look for it, and make the folder of shards."""
    (shared / "models").mkdir()
    (shared / "models" / "my-model").symlink_to(model)
    (shared / "shards").mkdir()
