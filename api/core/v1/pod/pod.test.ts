import assert from "node:assert/strict";
import { describe, test } from "node:test";
import type { Draft } from "../../../../apimachinery/resource/object.ts";
import { changed, decoded, now, prepared, row } from "../../../test-support.ts";
import { Pod } from "../pod.ts";
import { isLatestImage } from "./image.ts";
import { container, type LooseSpec, podOf, podWith } from "./test-pod.ts";

const stored = (spec: LooseSpec = {}) => prepared(Pod, podWith(spec));

describe("defaults of a pod", () => {
  test("a limit is also the request", () => {
    const pod = decoded(Pod, podOf({ resources: { limits: { cpu: "1", memory: "1Gi" }, requests: { cpu: "500m" } } }));
    assert.deepEqual(pod.spec.containers[0]?.resources.requests, { cpu: "500m", memory: "1Gi" });
  });

  test("images are pulled always where they are the latest", () => {
    const policy = (image: string) => decoded(Pod, podOf({ image })).spec.containers[0]?.imagePullPolicy;
    assert.equal(policy("nginx"), "Always");
    assert.equal(policy("registry.example:5000/nginx"), "Always");
    assert.equal(policy("nginx:latest"), "Always");
    assert.equal(policy("nginx:1.27"), "IfNotPresent");
    assert.equal(policy(`nginx@sha256:${"a".repeat(64)}`), "IfNotPresent");
    assert.equal(isLatestImage("Not An Image"), false);
  });

  test("a volume without a source is empty", () => {
    assert.deepEqual(decoded(Pod, podWith({ volumes: [{ name: "a" }] })).spec.volumes, [{ name: "a", emptyDir: {} }]);
  });

  test("on the host's network ports are the host's", () => {
    const pod = decoded(Pod, podOf({ ports: [{ containerPort: 80 }] }, { hostNetwork: true }));
    assert.equal(pod.spec.containers[0]?.ports?.[0]?.hostPort, 80);
  });

  test("the account has its old name, too", () => {
    assert.equal(decoded(Pod, podWith({ serviceAccount: "a" })).spec.serviceAccountName, "a");
    assert.equal(decoded(Pod, podWith({ serviceAccountName: "b" })).spec.serviceAccount, "b");
  });

  test("a pod's own requests follow from its containers' and its limits", () => {
    const containers = [container({ resources: { requests: { cpu: "200m" } } })];
    const pod = decoded(Pod, podWith({ containers, resources: { limits: { cpu: "1", memory: "1Gi" } } }));
    assert.deepEqual(pod.spec.resources?.requests, { cpu: "200m", memory: "1Gi" });
  });

  test("negative grace is a second", () => {
    assert.equal(decoded(Pod, podWith({ terminationGracePeriodSeconds: -5 })).spec.terminationGracePeriodSeconds, 1);
  });

  test("finer amounts than a thousandth are rounded up", () => {
    const pod = decoded(Pod, podOf({ resources: { requests: { cpu: "100u" } } }));
    assert.equal(pod.spec.containers[0]?.resources.requests?.["cpu"], "1m");
  });

  test("setting them twice changes nothing", () => {
    const pod = decoded(
      Pod,
      podOf({ resources: { limits: { cpu: "1" } } }, { hostNetwork: true, resources: { limits: { cpu: "2" } } }),
    );
    assert.deepEqual(decoded(Pod, pod), pod);
  });
});

describe("a new pod", () => {
  const resources = (limits: LooseSpec, requests: LooseSpec = {}) => ({ resources: { limits, requests } });

  test("is pending, and of a class of service", () => {
    const status = (fields: LooseSpec) => prepared(Pod, podOf(fields)).status;
    assert.deepEqual(status({}), { phase: "Pending", qosClass: "BestEffort" });
    assert.equal(status(resources({ cpu: "1", memory: "1Gi" })).qosClass, "Guaranteed");
    assert.equal(status(resources({ cpu: "1", memory: "1Gi" }, { cpu: "500m" })).qosClass, "Burstable");
    assert.equal(status(resources({ cpu: "1" })).qosClass, "Burstable");
    assert.equal(status(resources({ cpu: "0" })).qosClass, "BestEffort");
  });

  test("that is gated says that it is", () => {
    assert.deepEqual(stored({ schedulingGates: [{ name: "a" }] }).status.conditions?.[0]?.reason, "SchedulingGated");
  });

  test("has its labels taken over where selectors name keys only", () => {
    const spread = { maxSkew: 1, topologyKey: "zone", whenUnsatisfiable: "DoNotSchedule", labelSelector: {} };
    const spec = { topologySpreadConstraints: [{ ...spread, matchLabelKeys: ["hash", "absent"] }] };
    const pod = prepared(Pod, podWith(spec, { labels: { hash: "1" } }));
    assert.deepEqual(pod.spec.topologySpreadConstraints?.[0]?.labelSelector?.matchExpressions, [
      { key: "hash", operator: "In", values: ["1"] },
    ]);
  });

  test("has no fields of features that are off", () => {
    const sources = [{ podCertificate: { signerName: "a", keyType: "ED25519" } }, { secret: { name: "a" } }];
    const pod = prepared(Pod, podWith({ volumes: [{ name: "a", projected: { sources } }], schedulingGroup: {} }));
    assert.deepEqual(pod.spec.volumes?.[0]?.projected?.sources, [{}, { secret: { name: "a" } }]);
    assert.equal(pod.spec.schedulingGroup, undefined);
  });

  test("has the AppArmor profile that an annotation names", () => {
    const annotations = { "container.apparmor.security.beta.kubernetes.io/main": "localhost/web" };
    const pod = prepared(Pod, podWith({}, { annotations }));
    assert.deepEqual(pod.spec.containers[0]?.securityContext?.appArmorProfile, {
      type: "Localhost",
      localhostProfile: "web",
    });
  });
});

describe("the deletion of a pod", () => {
  const seconds = (pod: Pod, requested?: number) => Pod.gracefulDeletion!.seconds(pod, requested);
  const running = stored({ nodeName: "n" });

  test("waits as long as asked, or as the pod says", () => {
    assert.equal(seconds(running), 30);
    assert.equal(seconds(running, 5), 5);
    assert.equal(seconds(running, 0), 0);
    assert.equal(seconds(running, -1), 1);
  });

  test("does not wait where nothing runs", () => {
    assert.equal(seconds(stored()), 0);
    const ended = changed(running, ({ status }) => {
      status.phase = "Succeeded";
    });
    assert.equal(seconds(ended, 60), 0);
  });
});

type Status = Draft<NonNullable<Pod["status"]["containerStatuses"]>>[number];

function status(state: LooseSpec, fields: LooseSpec = {}): Status {
  return {
    name: "main",
    image: "",
    imageID: "",
    lastState: {},
    ready: false,
    restartCount: 0,
    state,
    ...fields,
  } as Status;
}

describe("columns of a pod", () => {
  const cells = (change: (draft: Draft<Pod>) => void, spec: LooseSpec = {}) => row(Pod, changed(stored(spec), change));
  const statusOf = (statuses: Status[], change: (draft: Draft<Pod>) => void = () => {}) =>
    cells((draft) => {
      draft.status.phase = "Running";
      draft.status.containerStatuses = statuses;
      change(draft);
    })["Status"];
  const ready = (draft: Draft<Pod>) => {
    draft.status.conditions = [{ type: "Ready", status: "True" }];
  };

  test("show what a pod does", () => {
    assert.equal(statusOf([status({ running: {} }, { ready: true })]), "Running");
    assert.equal(statusOf([status({ waiting: { reason: "CrashLoopBackOff" } })]), "CrashLoopBackOff");
    assert.equal(statusOf([status({ terminated: { exitCode: 0, reason: "Completed" } })]), "Completed");
    assert.equal(statusOf([status({ terminated: { exitCode: 137, signal: 9 } })]), "Signal:9");
    assert.equal(statusOf([status({ terminated: { exitCode: 3 } })]), "ExitCode:3");
    const half = [
      status({ terminated: { exitCode: 0, reason: "Completed" } }),
      status({ running: {} }, { name: "b", ready: true }),
    ];
    assert.equal(statusOf(half), "NotReady");
    assert.equal(statusOf(half, ready), "Running");
  });

  test("show why a pod does nothing yet", () => {
    assert.equal(row(Pod, stored({ schedulingGates: [{ name: "a" }] }))["Status"], "SchedulingGated");
    const evicted = cells((draft) => {
      draft.status = { ...draft.status, phase: "Failed", reason: "Evicted" };
    });
    assert.equal(evicted["Status"], "Evicted");
  });

  test("show how far initialization is", () => {
    const initContainers = [container({ name: "a" }), container({ name: "b" })];
    const initStatus = (...statuses: Status[]) =>
      cells(
        (draft) => {
          draft.status.initContainerStatuses = statuses;
        },
        { initContainers },
      )["Status"];
    assert.equal(initStatus(status({ running: {} }, { name: "a" })), "Init:0/2");
    const done = status({ terminated: { exitCode: 0 } }, { name: "a" });
    assert.equal(initStatus(done, status({ running: {} }, { name: "b" })), "Init:1/2");
    assert.equal(initStatus(done, status({ terminated: { exitCode: 2 } }, { name: "b" })), "Init:ExitCode:2");
    assert.equal(
      initStatus(status({ waiting: { reason: "ImagePullBackOff" } }, { name: "a" })),
      "Init:ImagePullBackOff",
    );
    assert.equal(initStatus(status({ waiting: { reason: "PodInitializing" } }, { name: "a" })), "Init:0/2");
  });

  test("count sidecars among the containers", () => {
    const side = cells(
      (draft) => {
        draft.status.initContainerStatuses = [status({ running: {} }, { name: "side", started: true, ready: true })];
        draft.status.containerStatuses = [status({ running: {} }, { ready: true })];
      },
      { initContainers: [container({ name: "side", restartPolicy: "Always" })] },
    );
    assert.equal(side["Ready"], "2/2");
  });

  test("show a pod on its way out", () => {
    const leaving = (reason?: string) => (draft: Draft<Pod>) => {
      draft.metadata.deletionTimestamp = "2026-01-02T11:59:00Z";
      if (reason !== undefined) draft.status.reason = reason;
    };
    assert.equal(statusOf([status({ running: {} })], leaving()), "Terminating");
    assert.equal(statusOf([status({ running: {} })], leaving("NodeLost")), "Unknown");
  });

  test("say when a container was last started again", () => {
    const lastState = { terminated: { exitCode: 1, finishedAt: new Date(now - 300_000).toISOString() } };
    const cellsOf = cells((draft) => {
      draft.status.containerStatuses = [status({ running: {} }, { restartCount: 2, lastState })];
      draft.status.podIPs = [{ ip: "10.0.0.1" }];
      draft.spec.nodeName = "n";
      draft.metadata.creationTimestamp = new Date(now - 3_600_000).toISOString();
    });
    assert.equal(cellsOf["Restarts"], "2 (5m ago)");
    assert.equal(cellsOf["Age"], "60m");
    assert.equal(cellsOf["IP"], "10.0.0.1");
    assert.equal(cellsOf["Node"], "n");
    assert.equal(cellsOf["Nominated Node"], "<none>");
  });

  test("count the readiness gates that are open", () => {
    const gated = cells(
      (draft) => {
        draft.status.conditions = [{ type: "a", status: "True" }];
      },
      { readinessGates: [{ conditionType: "a" }, { conditionType: "b" }] },
    );
    assert.equal(gated["Readiness Gates"], "1/2");
  });
});

describe("field selectors of pods", () => {
  test("read node, phase, network and address", () => {
    const pod = changed(stored({ nodeName: "n" }), ({ status }) => {
      status.podIPs = [{ ip: "10.0.0.1" }];
    });
    const read = (field: string) => Pod.fieldSelectors[field]?.(pod);
    assert.equal(read("spec.nodeName"), "n");
    assert.equal(read("spec.restartPolicy"), "Always");
    assert.equal(read("spec.hostNetwork"), "false");
    assert.equal(read("status.phase"), "Pending");
    assert.equal(read("status.podIP"), "10.0.0.1");
    assert.equal(read("spec.subdomain"), undefined);
  });
});

describe("warnings about a pod", () => {
  const warn = (spec: LooseSpec, metadata: LooseSpec = {}) => [
    ...Pod.warnings!(decoded(Pod, podWith(spec, metadata)), undefined),
  ];

  test("tell of names, labels and volumes that are no good idea", () => {
    assert.deepEqual(warn({}), []);
    assert.deepEqual(warn({}, { name: "a.b" }), [
      "metadata.name: this is used in the Pod's hostname, which can result in surprising behavior; a DNS label is recommended: [must not contain dots]",
    ]);
    assert.deepEqual(warn({ nodeSelector: { "beta.kubernetes.io/os": "linux" } }), [
      'spec.nodeSelector[beta.kubernetes.io/os]: deprecated since v1.14; use "kubernetes.io/os" instead',
    ]);
    assert.deepEqual(warn({ volumes: [{ name: "a", gitRepo: { repository: "b" } }] }), [
      "spec.volumes[0].gitRepo: deprecated in v1.11, and disabled by default in v1.33+",
    ]);
  });

  test("tell of ports and variables that are there twice", () => {
    const ports = [
      { name: "a", containerPort: 80 },
      { name: "a", containerPort: 80 },
    ];
    assert.deepEqual(
      warn({ containers: [container({ ports: [ports[0]] }), container({ name: "b", ports: [ports[1]] })] }),
      [
        "spec.containers[1].ports[0]: duplicate port definition with spec.containers[0].ports[0]",
        'spec.containers[1].ports[0]: duplicate port name "a" with spec.containers[0].ports[0], services and probes that select ports by name will use spec.containers[0].ports[0]',
      ],
    );
    const env = [
      { name: "A", value: "1" },
      { name: "A", value: "$(A):2" },
      { name: "A", value: "3" },
    ];
    assert.deepEqual(warn({ containers: [container({ env })] }), [
      'spec.containers[0].env[2]: hides previous definition of "A", which may be dropped when using apply',
    ]);
  });

  test("tell of fractions of bytes and of paths that hide each other", () => {
    assert.deepEqual(warn({ containers: [container({ resources: { requests: { memory: "100m" } } })] }), [
      'spec.containers[0].resources.requests[memory]: fractional byte value "100m" is invalid, must be an integer',
    ]);
    const items = [
      { key: "a", path: "x" },
      { key: "b", path: "x/y" },
    ];
    assert.deepEqual(warn({ volumes: [{ name: "v", configMap: { name: "c", items } }] }), [
      'volume "v" (ConfigMap "c"): overlapping paths: "x/y" with "x"',
    ]);
  });
});
