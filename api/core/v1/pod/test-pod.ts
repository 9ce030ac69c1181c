import type { PodSpecInput } from "../../../generated/types/core-v1.ts";

// What the tests of pods start from.

export interface LooseSpec {
  readonly [field: string]: unknown;
}

/** A container that breaks no rule, with some fields changed. */
export function container(fields: LooseSpec = {}): LooseSpec {
  return { name: "main", image: "registry.example/app:1", ...fields };
}

/** A pod as a client sends it, good but for what `spec` changes. */
export function podWith(spec: LooseSpec = {}, metadata: LooseSpec = {}): object {
  return {
    apiVersion: "v1",
    kind: "Pod",
    metadata: { name: "web", namespace: "default", ...metadata },
    spec: { containers: [container()], ...spec },
  };
}

/** The same, with one container that has these fields. */
export function podOf(fields: LooseSpec, spec: LooseSpec = {}): object {
  return podWith({ containers: [container(fields)], ...spec });
}

/** An ordinary pod of about 3 KB, as charts make them. */
export function ordinaryPod(): object {
  const probe = (path: string) => ({ httpGet: { path, port: "http" }, periodSeconds: 10, failureThreshold: 3 });
  const env = [
    ...Array.from({ length: 8 }, (_, i) => ({ name: `SETTING_${i}`, value: `value of setting ${i}` })),
    { name: "POD_NAME", valueFrom: { fieldRef: { fieldPath: "metadata.name" } } },
    { name: "PASSWORD", valueFrom: { secretKeyRef: { name: "database", key: "password" } } },
  ];
  const main = container({
    env,
    envFrom: [{ configMapRef: { name: "settings" } }],
    ports: [
      { name: "http", containerPort: 8080 },
      { name: "metrics", containerPort: 9090 },
    ],
    resources: { requests: { cpu: "100m", memory: "128Mi" }, limits: { memory: "256Mi" } },
    livenessProbe: probe("/healthz"),
    readinessProbe: probe("/readyz"),
    securityContext: {
      allowPrivilegeEscalation: false,
      capabilities: { drop: ["ALL"] },
      runAsNonRoot: true,
      seccompProfile: { type: "RuntimeDefault" },
    },
    volumeMounts: [
      { name: "settings", mountPath: "/etc/settings", readOnly: true },
      { name: "cache", mountPath: "/var/cache/app" },
      { name: "token", mountPath: "/var/run/secrets/kubernetes.io/serviceaccount", readOnly: true },
    ],
  });
  const spec: PodSpecInput & LooseSpec = {
    serviceAccountName: "web",
    containers: [main, container({ name: "proxy", ports: [{ name: "admin", containerPort: 15000 }] })] as never,
    initContainers: [container({ name: "migrate", command: ["/app/migrate", "--wait"], env })] as never,
    volumes: [
      { name: "settings", configMap: { name: "settings", items: [{ key: "app.yaml", path: "app.yaml" }] } },
      { name: "cache", emptyDir: { sizeLimit: "64Mi" } },
      {
        name: "token",
        projected: {
          sources: [
            { serviceAccountToken: { path: "token", expirationSeconds: 3607 } },
            { configMap: { name: "kube-root-ca.crt", items: [{ key: "ca.crt", path: "ca.crt" }] } },
            { downwardAPI: { items: [{ path: "namespace", fieldRef: { fieldPath: "metadata.namespace" } }] } },
          ],
        },
      },
    ],
    tolerations: [
      { key: "node.kubernetes.io/not-ready", operator: "Exists", effect: "NoExecute", tolerationSeconds: 300 },
      { key: "node.kubernetes.io/unreachable", operator: "Exists", effect: "NoExecute", tolerationSeconds: 300 },
    ],
    affinity: {
      podAntiAffinity: {
        preferredDuringSchedulingIgnoredDuringExecution: [
          {
            weight: 100,
            podAffinityTerm: {
              topologyKey: "kubernetes.io/hostname",
              labelSelector: { matchLabels: { "app.kubernetes.io/name": "web" } },
            },
          },
        ],
      },
    },
    topologySpreadConstraints: [
      {
        maxSkew: 1,
        topologyKey: "topology.kubernetes.io/zone",
        whenUnsatisfiable: "ScheduleAnyway",
        labelSelector: { matchLabels: { "app.kubernetes.io/name": "web" } },
      },
    ],
  };
  return podWith(spec, { labels: { "app.kubernetes.io/name": "web", "pod-template-hash": "5d4f8c7b9" } });
}
