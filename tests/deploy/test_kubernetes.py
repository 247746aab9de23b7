"""The manifests pass their linters, and their commands run."""

from __future__ import annotations

import subprocess

import httpx
import pytest
from lint import lint
from manifests import FILES, command, objects, pod

from bothways.serving import Limits

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
    mounted = {mount["name"] for mount in container["volumeMounts"]}
    assert mounted == {volume["name"] for volume in spec["volumes"]}


def test_the_service_answers_its_probes_and_ends_in_time(tiny_model, tmp_path):
    spec = pod("serve.yaml")
    (container,) = spec["containers"]
    (tmp_path / "models").mkdir()
    (tmp_path / "models" / "my-model").symlink_to(tiny_model)
    (tmp_path / "token").write_text("a-token\n")
    words = command(container, tmp_path)
    words[words.index("--token-file") + 1] = str(tmp_path / "token")
    words[words.index("0.0.0.0")] = "127.0.0.1"
    with subprocess.Popen([*words, "--port", "0"], stderr=subprocess.PIPE, text=True) as process:
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
