import assert from "node:assert/strict";
import { generateKeyPairSync } from "node:crypto";
import { test } from "node:test";
import { issueCertificate, toPem } from "../apimachinery/x509/certificate.ts";
import { createCertificateRequest } from "../apimachinery/x509/certificate-request.ts";
import { HorizontalPodAutoscaler as V1 } from "./autoscaling/v1/horizontal-pod-autoscaler.ts";
import { autoscalerFromV2, autoscalerToV2 } from "./autoscaling/v1/horizontal-pod-autoscaler-conversion.ts";
import { HorizontalPodAutoscaler } from "./autoscaling/v2/horizontal-pod-autoscaler.ts";
import { CertificateSigningRequest } from "./certificates/v1/certificate-signing-request.ts";
import { RuntimeClass } from "./node/v1/runtime-class.ts";
import { PodDisruptionBudget } from "./policy/v1/pod-disruption-budget.ts";
import { ResourceClaim } from "./resource/v1/dynamic-resources.ts";
import { PriorityClass } from "./scheduling/v1/priority-class.ts";
import { changed, decoded, errorsOf, prepared, problems, row } from "./test-support.ts";

const target = { apiVersion: "apps/v1", kind: "Deployment", name: "web" };

test("an autoscaler has bounds, a target and metrics with their sources", () => {
  const spec = { maxReplicas: 3, scaleTargetRef: target };
  assert.deepEqual(problems(HorizontalPodAutoscaler, { spec }), []);
  assert.deepEqual(
    problems(HorizontalPodAutoscaler, {
      spec: {
        minReplicas: 2,
        maxReplicas: 1,
        scaleTargetRef: {},
        metrics: [{ type: "Pods", resource: { name: "cpu" } }],
      },
    }),
    [
      "spec.maxReplicas: Invalid value: 1: must be greater than or equal to `minReplicas`",
      "spec.scaleTargetRef.kind: Required value",
      "spec.scaleTargetRef.name: Required value",
      'spec.scaleTargetRef.apiVersion: Invalid value: "": apiVersion must specify API group',
      "spec.metrics[0].resource.target.type: Required value: must specify a metric target type",
      'spec.metrics[0].resource.target.type: Invalid value: "": must be either Utilization, Value, or AverageValue',
      "spec.metrics[0].resource.target.averageUtilization: Required value: must set either a target raw value or a target utilization",
      "spec.metrics[0].pods: Required value: must populate information for the given metric source",
    ],
  );
  assert.deepEqual(
    decoded(HorizontalPodAutoscaler, { spec: { ...spec, behavior: { scaleUp: { selectPolicy: "Min" } } } }).spec
      .behavior,
    {
      scaleUp: {
        stabilizationWindowSeconds: 0,
        selectPolicy: "Min",
        policies: [
          { type: "Pods", value: 4, periodSeconds: 15 },
          { type: "Percent", value: 100, periodSeconds: 15 },
        ],
      },
      scaleDown: { selectPolicy: "Max", policies: [{ type: "Percent", value: 100, periodSeconds: 15 }] },
    },
  );
});

test("a row of an autoscaler shows two metrics and counts the rest", () => {
  const metrics = [
    { type: "Resource", resource: { name: "cpu", target: { type: "Utilization", averageUtilization: 80 } } },
    { type: "Pods", pods: { metric: { name: "rps" }, target: { type: "AverageValue", averageValue: "10" } } },
    { type: "External", external: { metric: { name: "q" }, target: { type: "Value", value: "1" } } },
  ];
  const status = {
    currentReplicas: 2,
    currentMetrics: [{ type: "Resource", resource: { name: "cpu", current: { averageUtilization: 20 } } }],
  };
  const cells = row(
    HorizontalPodAutoscaler,
    decoded(HorizontalPodAutoscaler, { spec: { maxReplicas: 3, scaleTargetRef: target, metrics }, status }),
  );
  assert.deepEqual(
    [cells["Reference"], cells["Targets"], cells["MinPods"], cells["MaxPods"], cells["Replicas"]],
    ["Deployment/web", "cpu: 20%/80%, <unknown>/10 + 1 more...", "1", 3, 2],
  );
});

test("autoscaling/v1 shows CPU as a number, and all else in annotations that come back as it was", () => {
  const metrics = [
    { type: "Pods", pods: { metric: { name: "rps" }, target: { type: "AverageValue", averageValue: "10" } } },
    { type: "Resource", resource: { name: "cpu", target: { type: "Utilization", averageUtilization: 70 } } },
  ];
  const behavior = { scaleDown: { stabilizationWindowSeconds: 60 } };
  const stored = decoded(HorizontalPodAutoscaler, {
    apiVersion: "autoscaling/v2",
    kind: "HorizontalPodAutoscaler",
    metadata: { name: "h" },
    spec: { maxReplicas: 3, scaleTargetRef: target, metrics, behavior },
  });
  const shown = autoscalerFromV2(stored);
  assert.equal(shown.spec.targetCPUUtilizationPercentage, 70);
  assert.equal(
    shown.metadata.annotations?.["autoscaling.alpha.kubernetes.io/metrics"],
    '[{"type":"Pods","pods":{"metricName":"rps","targetAverageValue":"10"}}]',
  );
  const { currentReplicas: _, ...status } = autoscalerToV2(shown).status;
  assert.deepEqual({ ...autoscalerToV2(shown), status }, stored);
  assert.deepEqual(autoscalerToV2(decoded(V1, { spec: { maxReplicas: 1, scaleTargetRef: target } })).spec.metrics, [
    { type: "Resource", resource: { name: "cpu", target: { type: "Utilization", averageUtilization: 80 } } },
  ]);
});

test("a disruption budget counts pods or per cent, one way", () => {
  assert.deepEqual(problems(PodDisruptionBudget, { spec: { minAvailable: "50%" } }), []);
  assert.deepEqual(problems(PodDisruptionBudget, { spec: { minAvailable: -1, maxUnavailable: "101%" } }), [
    'spec: Invalid value: {"MinAvailable":-1,"Selector":null,"MaxUnavailable":"101%","UnhealthyPodEvictionPolicy":null}: minAvailable and maxUnavailable cannot be both set',
    "spec.minAvailable: Invalid value: -1: must be greater than or equal to 0",
    'spec.maxUnavailable: Invalid value: "101%": must not be greater than 100%',
  ]);
  const cells = row(
    PodDisruptionBudget,
    decoded(PodDisruptionBudget, { spec: { maxUnavailable: 1 }, status: { disruptionsAllowed: 1 } }),
  );
  assert.deepEqual([cells["Min Available"], cells["Max Unavailable"], cells["Allowed Disruptions"]], ["N/A", "1", 1]);
});

test("system priorities are the system's, and values never change", () => {
  assert.deepEqual(problems(PriorityClass, { metadata: { name: "high" }, value: 1000000000 }), []);
  assert.deepEqual(problems(PriorityClass, { metadata: { name: "system-node-critical" }, value: 2000001000 }), []);
  assert.deepEqual(problems(PriorityClass, { metadata: { name: "high" }, value: 1000000001 }), [
    "value: Forbidden: maximum allowed value of a user defined priority is 1000000000",
  ]);
  assert.deepEqual(problems(PriorityClass, { metadata: { name: "system-mine" }, value: 1 }), [
    "metadata.name: Forbidden: priority class names with 'system-' prefix are reserved for system use only. error: system-mine is not a known system priority class",
  ]);
  assert.deepEqual(problems(PriorityClass, { value: 2 }, decoded(PriorityClass, { value: 1 })), [
    "value: Forbidden: may not be changed in an update.",
  ]);
});

test("the handler of a runtime class is a label and never changes", () => {
  assert.deepEqual(problems(RuntimeClass, { handler: "runc" }), []);
  assert.deepEqual(problems(RuntimeClass, {}), ["handler: Required value"]);
  assert.deepEqual(problems(RuntimeClass, { handler: "kata" }, decoded(RuntimeClass, { handler: "runc" })), [
    'handler: Invalid value: "kata": field is immutable',
  ]);
});

const { privateKey, publicKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
const base64 = (text: string): string => Buffer.from(text).toString("base64");
const pem = base64(toPem("CERTIFICATE REQUEST", createCertificateRequest({ commonName: "a" }, privateKey)));
const certificate = base64(
  toPem(
    "CERTIFICATE",
    issueCertificate(
      {
        subject: { commonName: "a" },
        publicKey,
        serialNumber: Buffer.from([1]),
        notBefore: 0,
        notAfter: 1_000,
        keyUsages: [],
        extendedUsages: [],
      },
      { privateKey },
    ),
  ),
);
const request = {
  spec: { request: pem, signerName: "example.com/s", usages: ["client auth"], username: "somebody else" },
};

test("a certificate is asked for in the requester's own name", () => {
  const made = prepared(CertificateSigningRequest, { ...request, status: { certificate: "YQ==" } });
  assert.equal(made.spec.username, "someone");
  assert.deepEqual(made.status, {});
  assert.deepEqual(errorsOf(CertificateSigningRequest, made), []);
});

test("a request names known usages and a signer of a domain", () => {
  const spec = { request: "", signerName: "signer", usages: ["x", "any", "any"], expirationSeconds: 1 };
  const [pemError, usage, repeated, signer, expiration] = problems(CertificateSigningRequest, { spec });
  assert.equal(pemError, 'spec.request: Invalid value: "": PEM block type must be CERTIFICATE REQUEST');
  assert.match(usage!, /^spec\.usages\[0\]: Unsupported value: "x": supported values: "any", "cert sign"/);
  assert.equal(repeated, 'spec.usages[2]: Duplicate value: "any"');
  assert.equal(
    signer,
    "spec.signerName: Invalid value: \"signer\": must be a fully qualified domain and path of the form 'example.com/signer-name'",
  );
  assert.equal(
    expiration,
    "spec.expirationSeconds: Invalid value: 1: may not specify a duration less than 600 seconds (10 minutes)",
  );
});

test("approval is given at its own place, once, and the certificate at status", () => {
  const old = prepared(CertificateSigningRequest, request);
  const approved = { ...request, status: { conditions: [{ type: "Approved", status: "True" }] } };
  const made = prepared(CertificateSigningRequest, approved, old, { subresource: "approval" });
  assert.equal(made.status.conditions?.[0]?.lastUpdateTime, "2026-01-02T12:00:00Z");
  assert.deepEqual(errorsOf(CertificateSigningRequest, made, old, { subresource: "approval" }), []);
  assert.deepEqual(problems(CertificateSigningRequest, approved, old, { subresource: "status" }), [
    'status.conditions: Forbidden: updates may not add a condition of type "Approved"',
  ]);
  const issued = changed(made, ({ status }) => {
    status.certificate = certificate;
  });
  assert.deepEqual(errorsOf(CertificateSigningRequest, issued, made, { subresource: "status" }), []);
  assert.equal(row(CertificateSigningRequest, issued)["Condition"], "Approved,Issued");
  assert.deepEqual(
    errorsOf(CertificateSigningRequest, old, issued, { subresource: "approval" })[0],
    'status.conditions: Forbidden: updates may not remove a condition of type "Approved"',
  );
});

test("a claim of devices asks for one where it does not say how many, and never asks anew", () => {
  const spec = { devices: { requests: [{ name: "r", exactly: { deviceClassName: "gpu" } }] } };
  const claim = decoded(ResourceClaim, { spec });
  assert.equal(claim.spec.devices?.requests?.[0]?.exactly?.count, 1);
  assert.deepEqual(problems(ResourceClaim, { spec }, claim), []);
  assert.match(problems(ResourceClaim, { spec: {} }, claim)[0]!, /^spec: Invalid value: .*: field is immutable$/);
  assert.equal(row(ResourceClaim, claim)["State"], "pending");
});
