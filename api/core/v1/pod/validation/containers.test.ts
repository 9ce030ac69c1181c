import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { problems } from "../../../../test-support.ts";
import { Pod } from "../../pod.ts";
import { container, type LooseSpec, podOf, podWith } from "../test-pod.ts";

const at = "spec.containers[0]";

/** A rule: a container that keeps it, one that breaks it, and what is said of that. */
interface Rule {
  readonly rule: string;
  readonly good: LooseSpec;
  readonly bad: LooseSpec;
  readonly says: readonly string[];
  /** Of the pod around it. */
  readonly spec?: LooseSpec;
}

const labelText =
  "a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', and must start and end with an alphanumeric character (e.g. 'my-name',  or '123-abc', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?')";
const cache = { volumes: [{ name: "cache" }, { name: "disk", persistentVolumeClaim: { claimName: "disk" } }] };
const http = { httpGet: { path: "/", port: 80 } };

const rules: readonly Rule[] = [
  { rule: "a container has a name", good: {}, bad: { name: "" }, says: [`${at}.name: Required value`] },
  {
    rule: "a container's name is a label",
    good: { name: "a-1" },
    bad: { name: "A_b" },
    says: [`${at}.name: Invalid value: "A_b": ${labelText}`],
  },
  { rule: "a container has an image", good: {}, bad: { image: "" }, says: [`${at}.image: Required value`] },
  {
    rule: "an image's name is not padded",
    good: { image: "a" },
    bad: { image: " a" },
    says: [`${at}.image: Invalid value: " a": must not have leading or trailing whitespace`],
  },
  {
    rule: "a message policy is known",
    good: { terminationMessagePolicy: "FallbackToLogsOnError" },
    bad: { terminationMessagePolicy: "No" },
    says: [
      `${at}.terminationMessagePolicy: Unsupported value: "No": supported values: "File", "FallbackToLogsOnError"`,
    ],
  },
  {
    rule: "a pull policy is known",
    good: { imagePullPolicy: "Never" },
    bad: { imagePullPolicy: "Sometimes" },
    says: [
      `${at}.imagePullPolicy: Unsupported value: "Sometimes": supported values: "Always", "IfNotPresent", "Never"`,
    ],
  },
  {
    rule: "a port has a number",
    good: { ports: [{ containerPort: 80 }] },
    bad: { ports: [{ containerPort: 0 }] },
    says: [`${at}.ports[0].containerPort: Required value`],
  },
  {
    rule: "a port is in range",
    good: { ports: [{ containerPort: 65535, hostPort: 1 }] },
    bad: { ports: [{ containerPort: 65536, hostPort: 65536 }] },
    says: [
      `${at}.ports[0].containerPort: Invalid value: 65536: must be between 1 and 65535, inclusive`,
      `${at}.ports[0].hostPort: Invalid value: 65536: must be between 1 and 65535, inclusive`,
    ],
  },
  {
    rule: "names of ports are unique",
    good: { ports: [{ name: "a", containerPort: 1 }, { containerPort: 2 }, { containerPort: 3 }] },
    bad: {
      ports: [
        { name: "a", containerPort: 1 },
        { name: "a", containerPort: 2 },
      ],
    },
    says: [`${at}.ports[1].name: Duplicate value: "a"`],
  },
  {
    rule: "a port's name has a letter",
    good: { ports: [{ name: "h2", containerPort: 1 }] },
    bad: { ports: [{ name: "80", containerPort: 1 }] },
    says: [`${at}.ports[0].name: Invalid value: "80": must contain at least one letter (a-z)`],
  },
  {
    rule: "a protocol is known",
    good: { ports: [{ containerPort: 1, protocol: "SCTP" }] },
    bad: { ports: [{ containerPort: 1, protocol: "tcp" }] },
    says: [`${at}.ports[0].protocol: Unsupported value: "tcp": supported values: "SCTP", "TCP", "UDP"`],
  },
  {
    rule: "a port of the host is taken once",
    good: {
      ports: [
        { containerPort: 1, hostPort: 9 },
        { containerPort: 1, hostPort: 9, protocol: "UDP" },
      ],
    },
    bad: {
      ports: [
        { containerPort: 1, hostPort: 9 },
        { containerPort: 2, hostPort: 9 },
      ],
    },
    says: [`${at}.ports[1].hostPort: Duplicate value: "TCP//9"`],
  },
  {
    rule: "on the host's network ports are the host's",
    good: { ports: [{ containerPort: 80 }] },
    bad: { ports: [{ containerPort: 80, hostPort: 81 }] },
    says: [`${at}.ports[0].hostPort: Invalid value: 81: must match \`containerPort\` when \`hostNetwork\` is true`],
    spec: { hostNetwork: true },
  },
  {
    rule: "a variable has a name",
    good: { env: [{ name: "a.b-c" }] },
    bad: { env: [{ value: "x" }] },
    says: [`${at}.env[0].name: Required value`],
  },
  {
    rule: "a variable's name has no equals sign",
    good: { env: [{ name: "1 a" }] },
    bad: { env: [{ name: "a=b" }] },
    says: [
      `${at}.env[0].name: Invalid value: "a=b": a valid environment variable name must consist only of printable ASCII characters other than '='`,
    ],
  },
  {
    rule: "a variable has a value or a source",
    good: { env: [{ name: "a", valueFrom: { fieldRef: { fieldPath: "metadata.labels['app']" } } }] },
    bad: { env: [{ name: "a", value: "x", valueFrom: { fieldRef: { fieldPath: "metadata.name" } } }] },
    says: [`${at}.env[0].valueFrom: Invalid value: "": may not be specified when \`value\` is not empty`],
  },
  {
    rule: "a variable's source is one",
    good: { env: [{ name: "a", valueFrom: { secretKeyRef: { name: "s", key: "k" } } }] },
    bad: { env: [{ name: "a", valueFrom: {} }] },
    says: [
      `${at}.env[0].valueFrom: Invalid value: "": must specify one of: \`fieldRef\`, \`resourceFieldRef\`, \`configMapKeyRef\`, \`secretKeyRef\` or \`fileKeyRef\``,
    ],
  },
  {
    rule: "a field of the pod can be shown",
    good: { env: [{ name: "a", valueFrom: { fieldRef: { fieldPath: "status.podIP" } } }] },
    bad: { env: [{ name: "a", valueFrom: { fieldRef: { fieldPath: "status.phase" } } }] },
    says: [
      `${at}.env[0].valueFrom.fieldRef.fieldPath: Unsupported value: "status.phase": supported values: "metadata.name", "metadata.namespace", "metadata.uid", "spec.nodeName", "spec.serviceAccountName", "status.hostIP", "status.hostIPs", "status.podIP", "status.podIPs"`,
    ],
  },
  {
    rule: "a field that is unknown cannot",
    good: {},
    bad: { env: [{ name: "a", valueFrom: { fieldRef: { fieldPath: "spec.x" } } }] },
    says: [
      `${at}.env[0].valueFrom.fieldRef.fieldPath: Invalid value: "spec.x": error converting fieldPath: field label not supported: spec.x`,
    ],
  },
  {
    rule: "a resource can be shown by a divisor that suits it",
    good: { env: [{ name: "a", valueFrom: { resourceFieldRef: { resource: "limits.cpu", divisor: "1m" } } }] },
    bad: { env: [{ name: "a", valueFrom: { resourceFieldRef: { resource: "limits.cpu", divisor: "1Mi" } } }] },
    says: [
      `${at}.env[0].valueFrom.resourceFieldRef.divisor: Invalid value: "limits.cpu": only divisor's values 1m and 1 are supported with the cpu resource`,
    ],
  },
  {
    rule: "variables come from one config map or secret",
    good: { envFrom: [{ prefix: "A_", secretRef: { name: "s" } }] },
    bad: { envFrom: [{}] },
    says: [`${at}.envFrom: Invalid value: "": must specify one of: \`configMapRef\` or \`secretRef\``],
  },
  {
    rule: "a variable's file is in an emptyDir",
    good: { env: [{ name: "a", valueFrom: { fileKeyRef: { volumeName: "cache", path: "env", key: "A" } } }] },
    bad: { env: [{ name: "a", valueFrom: { fileKeyRef: { volumeName: "disk", path: "env", key: "A" } } }] },
    says: [
      `${at}.env[0].valueFrom.fileKeyRef.volumeName: Invalid value: "disk": referenced volume must be of type emptyDir`,
    ],
    spec: cache,
  },
  {
    rule: "a probe does something",
    good: { livenessProbe: { exec: { command: ["true"] } } },
    bad: { livenessProbe: {} },
    says: [`${at}.livenessProbe: Required value: must specify a handler type`],
  },
  {
    rule: "a probe does one thing",
    good: { startupProbe: { grpc: { port: 5 } } },
    bad: { startupProbe: { ...http, tcpSocket: { port: 5 } } },
    says: [`${at}.startupProbe.tcpSocket: Forbidden: may not specify more than 1 handler type`],
  },
  {
    rule: "one success proves a container alive",
    good: { readinessProbe: { ...http, successThreshold: 2 } },
    bad: { livenessProbe: { ...http, successThreshold: 2 } },
    says: [`${at}.livenessProbe.successThreshold: Invalid value: 2: must be 1`],
  },
  {
    rule: "a probe's times are not negative",
    good: { readinessProbe: { ...http, initialDelaySeconds: 0 } },
    bad: { readinessProbe: { ...http, initialDelaySeconds: -1 } },
    says: [`${at}.readinessProbe.initialDelaySeconds: Invalid value: -1: must be greater than or equal to 0`],
  },
  {
    rule: "a readiness probe ends nothing",
    good: { livenessProbe: { ...http, terminationGracePeriodSeconds: 5 } },
    bad: { readinessProbe: { ...http, terminationGracePeriodSeconds: 5 } },
    says: [`${at}.readinessProbe.terminationGracePeriodSeconds: Invalid value: 5: must not be set for readinessProbes`],
  },
  {
    rule: "an HTTP probe has a scheme",
    good: { livenessProbe: { httpGet: { port: "http", scheme: "HTTPS" } } },
    bad: { livenessProbe: { httpGet: { port: 80, scheme: "FTP" } } },
    says: [`${at}.livenessProbe.httpGet.scheme: Unsupported value: "FTP": supported values: "HTTP", "HTTPS"`],
  },
  {
    rule: "a hook sleeps within the grace period",
    good: { lifecycle: { preStop: { sleep: { seconds: 30 } } } },
    bad: { lifecycle: { preStop: { sleep: { seconds: 31 } } } },
    says: [
      `${at}.lifecycle.preStop.sleep: Invalid value: 31: must be non-negative and less than terminationGracePeriodSeconds (30)`,
    ],
  },
  {
    rule: "a request is within its limit",
    good: { resources: { limits: { cpu: "1" }, requests: { cpu: "1000m" } } },
    bad: { resources: { limits: { cpu: "1" }, requests: { cpu: "1100m" } } },
    says: [`${at}.resources.requests: Invalid value: "1100m": must be less than or equal to cpu limit of 1`],
  },
  {
    rule: "amounts are not negative",
    good: { resources: { requests: { memory: "0" } } },
    bad: { resources: { requests: { memory: "-1Gi" } } },
    says: [`${at}.resources.requests[memory]: Invalid value: "-1Gi": must be greater than or equal to 0`],
  },
  {
    rule: "a resource is one that containers have",
    good: { resources: { limits: { "ephemeral-storage": "1Gi" } } },
    bad: { resources: { limits: { pods: "1" } } },
    says: [`${at}.resources.limits[pods]: Invalid value: "pods": must be a standard resource for containers`].flatMap(
      (one) => [one, one.replace("limits", "requests")],
    ),
  },
  {
    rule: "devices are whole and not overcommitted",
    good: { resources: { limits: { "example.com/gpu": "2" } } },
    bad: { resources: { limits: { "example.com/gpu": "500m" }, requests: { "example.com/gpu": "250m" } } },
    says: [
      `${at}.resources.limits[example.com/gpu]: Invalid value: "500m": must be an integer`,
      `${at}.resources.requests[example.com/gpu]: Invalid value: "250m": must be an integer`,
      `${at}.resources.requests: Invalid value: "250m": must be equal to example.com/gpu limit of 500m`,
    ],
  },
  {
    rule: "huge pages come whole, beside cpu or memory",
    good: { resources: { limits: { "hugepages-2Mi": "4Mi", cpu: "1" } } },
    bad: { resources: { limits: { "hugepages-2Mi": "3Mi" }, requests: { "hugepages-2Mi": "3Mi" } } },
    says: [
      `${at}.resources.limits[hugepages-2Mi]: Invalid value: "3Mi": 3Mi is not positive integer multiple of hugepages-2Mi`,
      `${at}.resources.requests[hugepages-2Mi]: Invalid value: "3Mi": 3Mi is not positive integer multiple of hugepages-2Mi`,
      `${at}.resources: Forbidden: HugePages require cpu or memory`,
    ],
  },
  {
    rule: "a claim is the pod's",
    good: { resources: { claims: [{ name: "gpu" }] } },
    bad: { resources: { claims: [{ name: "fpga" }] } },
    says: [`${at}.resources.claims[0]: Not found: "fpga": must be one of the names in pod.spec.resourceClaims: gpu`],
    spec: { resourceClaims: [{ name: "gpu", resourceClaimName: "gpu" }] },
  },
  {
    rule: "a resize policy suits the pod's restart policy",
    good: { resizePolicy: [{ resourceName: "cpu", restartPolicy: "NotRequired" }] },
    bad: { resizePolicy: [{ resourceName: "cpu", restartPolicy: "RestartContainer" }] },
    says: [
      `${at}.resizePolicy: Invalid value: "RestartContainer": must be 'NotRequired' when pod \`restartPolicy\` is 'Never'`,
    ],
    spec: { restartPolicy: "Never" },
  },
  {
    rule: "a user is in range",
    good: { securityContext: { runAsUser: 0, runAsGroup: 2147483647 } },
    bad: { securityContext: { runAsUser: -1 } },
    says: [`${at}.securityContext.runAsUser: Invalid value: -1: must be between 0 and 2147483647, inclusive`],
  },
  {
    rule: "a container without more privileges is not privileged",
    good: { securityContext: { allowPrivilegeEscalation: false } },
    bad: { securityContext: { allowPrivilegeEscalation: false, privileged: true } },
    says: [
      `${at}.securityContext: Invalid value: {"Capabilities":null,"Privileged":true,"SELinuxOptions":null,"WindowsOptions":null,"RunAsUser":null,"RunAsGroup":null,"RunAsNonRoot":null,"ReadOnlyRootFilesystem":null,"AllowPrivilegeEscalation":false,"ProcMount":null,"SeccompProfile":null,"AppArmorProfile":null}: cannot set \`allowPrivilegeEscalation\` to false and \`privileged\` to true`,
    ],
  },
  {
    rule: "a seccomp profile of the node's has a name",
    good: { securityContext: { seccompProfile: { type: "Localhost", localhostProfile: "a.json" } } },
    bad: { securityContext: { seccompProfile: { type: "Localhost" } } },
    says: [
      `${at}.securityContext.seccompProfile.localhostProfile: Required value: must be set when seccomp type is Localhost`,
    ],
  },
  {
    rule: "an AppArmor profile is of a known type",
    good: { securityContext: { appArmorProfile: { type: "RuntimeDefault" } } },
    bad: { securityContext: { appArmorProfile: { type: "No" } } },
    says: [
      `${at}.securityContext.appArmorProfile.type: Unsupported value: "No": supported values: "Localhost", "RuntimeDefault", "Unconfined"`,
    ],
  },
  {
    rule: "/proc is unmasked only in a user namespace",
    good: { securityContext: { procMount: "Default" } },
    bad: { securityContext: { procMount: "Unmasked" } },
    says: [
      `${at}.securityContext.procMount: Invalid value: "Unmasked": \`hostUsers\` must be false to use \`Unmasked\``,
    ],
  },
  {
    rule: "a Windows user name is no path",
    good: { securityContext: { windowsOptions: { runAsUserName: "DOMAIN\\user" } } },
    bad: { securityContext: { windowsOptions: { runAsUserName: "a\\b\\c" } } },
    says: [
      `${at}.securityContext.windowsOptions.runAsUserName: Invalid value: "a\\\\b\\\\c": runAsUserName cannot contain more than one backslash`,
    ],
  },
  {
    rule: "restart rules need a policy",
    good: {
      restartPolicy: "Never",
      restartPolicyRules: [{ action: "Restart", exitCodes: { operator: "In", values: [42] } }],
    },
    bad: { restartPolicyRules: [{ action: "Restart", exitCodes: { operator: "In", values: [42] } }] },
    says: [`${at}.restartPolicy: Required value: must specify restartPolicy when restart rules are used`],
  },
];

describe("a pod's container", () => {
  for (const { rule, good, bad, says, spec } of rules) {
    test(rule, () => {
      assert.deepEqual(problems(Pod, podOf(good, spec)), []);
      assert.deepEqual(problems(Pod, podOf(bad, spec)), says);
    });
  }

  test("containers have names of their own", () => {
    assert.deepEqual(problems(Pod, podWith({ containers: [container(), container()] })), [
      'spec.containers[1].name: Duplicate value: "main"',
    ]);
  });

  test("there is one at least", () => {
    assert.deepEqual(problems(Pod, podWith({ containers: [] })), ["spec.containers: Required value"]);
  });
});

describe("a pod's init container", () => {
  const withInit = (fields: LooseSpec) => podWith({ initContainers: [container({ name: "init", ...fields })] });

  test("may be probed only as a sidecar", () => {
    assert.deepEqual(problems(Pod, withInit({ restartPolicy: "Always", readinessProbe: http })), []);
    assert.deepEqual(problems(Pod, withInit({ readinessProbe: http })), [
      "spec.initContainers[0].readinessProbe: Forbidden: may not be set for init containers without restartPolicy=Always",
    ]);
  });

  test("does not bear an ordinary one's name", () => {
    assert.deepEqual(problems(Pod, withInit({ name: "main" })), [
      'spec.initContainers[0].name: Duplicate value: "main"',
    ]);
  });
});
