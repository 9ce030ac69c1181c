import assert from "node:assert/strict";
import { describe, test } from "node:test";
import type { Draft } from "../../../../../apimachinery/resource/object.ts";
import { changed, errorsOf, prepared, problems } from "../../../../test-support.ts";
import { Pod } from "../../pod.ts";
import { container, podWith } from "../test-pod.ts";

const stored = (spec = {}, metadata = {}) => prepared(Pod, podWith(spec, metadata));

/** What is said of a change of a stored pod. */
function said(old: Pod, change: (draft: Draft<Pod>) => void, subresource = ""): readonly string[] {
  return errorsOf(Pod, changed(old, change), old, { subresource });
}

const limits = (cpu: string) => ({ resources: { limits: { cpu, memory: "1Gi" } } });

describe("an update of a pod", () => {
  test("may change images, shorten the deadline, add tolerations and open gates", () => {
    const old = stored({ schedulingGates: [{ name: "a" }, { name: "b" }], tolerations: [{ operator: "Exists" }] });
    const errors = said(old, ({ spec }) => {
      spec.containers[0]!.image = "registry.example/app:2";
      spec.activeDeadlineSeconds = 5;
      spec.tolerations = [{ operator: "Exists" }, { key: "x", operator: "Exists" }];
      spec.schedulingGates = [{ name: "b" }];
    });
    assert.deepEqual(errors, []);
  });

  test("may change nothing else, and shows what it would have changed", () => {
    const errors = said(stored(), ({ spec }) => {
      spec.containers[0]!.command = ["sh"];
    });
    assert.equal(errors.length, 1);
    assert.match(
      errors[0]!,
      /^spec: Forbidden: pod updates may not change fields other than `spec\.containers\[\*\]\.image`,`spec\.initContainers\[\*\]\.image`,`spec\.activeDeadlineSeconds`,`spec\.tolerations` \(only additions to existing tolerations\),`spec\.terminationGracePeriodSeconds` \(allow it to be set to 1 if it was previously negative\)\n@@ /,
    );
    assert.match(errors[0]!, /\n- {3}"Command": null,\n\+ {3}"Command": \[\n\+ {4}"sh"\n\+ {3}\],\n/);
  });

  test("may neither add nor remove containers", () => {
    const errors = said(stored(), ({ spec }) => {
      spec.containers.push({ ...spec.containers[0]!, name: "other" });
    });
    assert.deepEqual(errors, ["spec.containers: Forbidden: pod updates may not add or remove containers"]);
  });

  test("may not take a deadline away or put it off", () => {
    const old = stored({ activeDeadlineSeconds: 10 });
    const later = said(old, ({ spec }) => {
      spec.activeDeadlineSeconds = 11;
    });
    assert.deepEqual(later, [
      "spec.activeDeadlineSeconds: Invalid value: 11: must be less than or equal to previous value",
    ]);
    const never = said(old, ({ spec }) => {
      delete spec.activeDeadlineSeconds;
    });
    assert.deepEqual(never, [
      "spec.activeDeadlineSeconds: Invalid value: null: must not update from a positive integer to nil value",
    ]);
  });

  test("keeps tolerations but for their time", () => {
    const toleration = { key: "a", operator: "Exists", effect: "NoExecute", tolerationSeconds: 1 };
    const old = stored({ tolerations: [toleration] });
    const longer = said(old, ({ spec }) => {
      spec.tolerations![0]!.tolerationSeconds = 9;
    });
    assert.deepEqual(longer, []);
    const other = said(old, ({ spec }) => {
      spec.tolerations![0]!.key = "b";
    });
    assert.deepEqual(other, [
      "spec.tolerations: Forbidden: existing toleration can not be modified except its tolerationSeconds",
    ]);
  });

  test("shuts no new gate", () => {
    const errors = said(stored({ schedulingGates: [{ name: "a" }] }), ({ spec }) => {
      spec.schedulingGates!.push({ name: "b" });
    });
    assert.deepEqual(errors, [
      "spec.schedulingGates[1].name: Forbidden: only deletion is allowed, but found new scheduling gate 'b'",
    ]);
  });

  test("of a gated pod may narrow where it runs, and only that", () => {
    const old = stored({ schedulingGates: [{ name: "a" }], nodeSelector: { zone: "x" } });
    const narrower = said(old, ({ spec }) => {
      spec.nodeSelector = { zone: "x", disk: "ssd" };
    });
    assert.deepEqual(narrower, []);
    const elsewhere = said(old, ({ spec }) => {
      spec.nodeSelector = { zone: "y" };
    });
    assert.deepEqual(elsewhere, [
      'spec.nodeSelector: Invalid value: {"zone":"y"}: only additions to spec.nodeSelector are allowed (no mutations or deletions)',
    ]);
  });

  test("leaves AppArmor's annotations alone", () => {
    const key = "container.apparmor.security.beta.kubernetes.io/main";
    const errors = said(stored(), ({ metadata }) => {
      metadata.annotations = { [key]: "unconfined" };
    });
    assert.deepEqual(errors, [`metadata.annotations[${key}]: Forbidden: may not add AppArmor annotations`]);
  });
});

describe("an update of a pod's status", () => {
  const withStatus = (change: (draft: Draft<Pod>) => void, spec = {}) => changed(stored(spec), change);
  const ended = (exitCode: number) => [
    {
      name: "main",
      state: { terminated: { exitCode } },
      ready: false,
      restartCount: 0,
      image: "",
      imageID: "",
      lastState: {},
    },
  ];

  test("has at most one address of each family", () => {
    const errors = said(
      stored(),
      ({ status }) => {
        status.podIPs = [{ ip: "10.0.0.1" }, { ip: "10.0.0.2" }];
      },
      "status",
    );
    assert.deepEqual(errors, [
      'status.podIPs: Invalid value: [{"IP":"10.0.0.1"},{"IP":"10.0.0.2"}]: may specify no more than one IP for each IP family',
    ]);
    const both = said(
      stored(),
      ({ status }) => {
        status.podIPs = [{ ip: "10.0.0.1" }, { ip: "fd00::1" }];
        status.hostIP = "10.1.0.1";
        status.hostIPs = [{ ip: "10.1.0.1" }];
      },
      "status",
    );
    assert.deepEqual(both, []);
  });

  test("does not revive what ended for good", () => {
    const revive = (draft: Draft<Pod>) => {
      draft.status.containerStatuses![0]!.state = { running: {} };
    };
    const die = (exitCode: number) => (draft: Draft<Pod>) => {
      draft.status.containerStatuses = ended(exitCode);
    };
    const failed = withStatus(die(1), { restartPolicy: "Never" });
    assert.deepEqual(said(failed, revive, "status"), [
      "status.containerStatuses[0].state: Forbidden: may not be transitioned to non-terminated state",
    ]);
    assert.deepEqual(said(withStatus(die(1), { restartPolicy: "OnFailure" }), revive, "status"), []);
    const succeeded = withStatus(die(0), { restartPolicy: "OnFailure" });
    assert.equal(said(succeeded, revive, "status").length, 1);
    assert.deepEqual(said(withStatus(die(0)), revive, "status"), []);
  });

  test("keeps the class of service and the generation that others observed", () => {
    const old = withStatus(({ status }) => {
      status.observedGeneration = 3;
      status.conditions = [{ type: "Ready", status: "True", observedGeneration: 2 }];
    });
    const status = { phase: "Running", conditions: [{ type: "Ready", status: "False" }] };
    const pod = prepared(Pod, { ...old, status }, old, { subresource: "status" });
    assert.equal(pod.status.qosClass, "BestEffort");
    assert.equal(pod.status.observedGeneration, 3);
    assert.equal(pod.status.conditions?.[0]?.observedGeneration, 2);
    assert.deepEqual(errorsOf(Pod, pod, old, { subresource: "status" }), []);
    const other = changed(pod, (draft) => {
      draft.status.qosClass = "Guaranteed";
    });
    assert.deepEqual(errorsOf(Pod, other, old, { subresource: "status" }), [
      'status.qosClass: Invalid value: "Guaranteed": field is immutable',
    ]);
  });
});

describe("pods/ephemeralcontainers", () => {
  const options = { subresource: "ephemeralcontainers" };
  const debug = container({ name: "debug", targetContainerName: "main" });

  test("adds containers and leaves the rest", () => {
    const old = stored();
    const pod = prepared(Pod, podWith({ ephemeralContainers: [debug], nodeName: "n" }), old, options);
    assert.equal(pod.spec.nodeName, undefined);
    assert.equal(pod.spec.ephemeralContainers?.length, 1);
    assert.deepEqual(errorsOf(Pod, pod, old, options), []);
    const changedAgain = problems(Pod, podWith({ ephemeralContainers: [{ ...debug, image: "b" }] }), pod, options);
    assert.match(
      changedAgain[0]!,
      /^spec\.ephemeralContainers: Forbidden: existing ephemeral containers "debug" may not be changed\n@@/,
    );
    assert.deepEqual(problems(Pod, podWith(), pod, options), [
      'spec.ephemeralContainers: Forbidden: existing ephemeral containers "debug" may not be removed\n',
    ]);
  });

  test("refuses ports, probes and unknown targets", () => {
    const bad = { ...debug, ports: [{ containerPort: 1 }], targetContainerName: "other" };
    assert.deepEqual(problems(Pod, podWith({ ephemeralContainers: [bad] }), stored(), options), [
      'spec.ephemeralContainers[0].targetContainerName: Not found: "other"',
      "spec.ephemeralContainers[0].ports: Forbidden: cannot be set for an Ephemeral Container",
    ]);
  });
});

describe("pods/resize", () => {
  const options = { subresource: "resize" };
  const old = stored({ containers: [container(limits("1"))] });

  test("changes cpu and memory and nothing else", () => {
    const wanted = podWith({ containers: [container({ ...limits("2"), command: ["sh"] })] });
    const pod = prepared(Pod, wanted, old, options);
    assert.equal(pod.spec.containers[0]?.resources.limits?.["cpu"], "2");
    assert.equal(pod.spec.containers[0]?.command, undefined);
    assert.deepEqual(errorsOf(Pod, pod, old, options), []);
  });

  test("keeps the class of service", () => {
    const wanted = podWith({
      containers: [container({ resources: { ...limits("2").resources, requests: { cpu: "1" } } })],
    });
    assert.deepEqual(problems(Pod, wanted, old, options), [
      'spec: Invalid value: "Guaranteed": Pod QOS Class may not change as a result of resizing',
    ]);
  });

  test("takes no limit away", () => {
    const resources = { limits: { cpu: "1" }, requests: { cpu: "1", memory: "1Gi" } };
    const errors = problems(Pod, podWith({ containers: [container({ resources })] }), old, options);
    assert.ok(errors.includes("spec.containers[0].resources.limits: Forbidden: resource limits cannot be removed"));
  });

  test("neither renames nor adds containers", () => {
    assert.deepEqual(problems(Pod, podWith({ containers: [container({ ...limits("1"), name: "b" })] }), old, options), [
      "spec.containers[0].name: Forbidden: containers may not be renamed or reordered on resize",
    ]);
  });
});
