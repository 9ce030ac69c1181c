import assert from "node:assert/strict";
import { generateKeyPairSync } from "node:crypto";
import { test } from "node:test";
import type { CertificateSigningRequest } from "../../api/certificates/v1/certificate-signing-request.ts";
import { type AlternativeNames, toPem } from "../../apimachinery/x509/certificate.ts";
import { createCertificateRequest } from "../../apimachinery/x509/certificate-request.ts";
import { permissionsFor, plan } from "./plan.ts";

const { privateKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });

interface Asked {
  readonly signerName?: string;
  readonly username?: string;
  readonly usages?: readonly string[];
  readonly names?: AlternativeNames;
  readonly status?: CertificateSigningRequest["status"];
}

function requestOf(asked: Asked): CertificateSigningRequest {
  const subject = { commonName: "system:node:foo", organizations: ["system:nodes"] };
  const pem = toPem("CERTIFICATE REQUEST", createCertificateRequest(subject, privateKey, asked.names));
  return {
    apiVersion: "certificates.k8s.io/v1",
    kind: "CertificateSigningRequest",
    metadata: { name: "r", resourceVersion: "5" },
    spec: {
      signerName: asked.signerName ?? "kubernetes.io/kube-apiserver-client-kubelet",
      username: asked.username ?? "system:bootstrap:a",
      usages: asked.usages ?? ["digital signature", "client auth"],
      request: Buffer.from(pem).toString("base64"),
    },
    status: asked.status ?? {},
  };
}

const asked = (what: Asked): readonly string[] => permissionsFor(requestOf(what)).map(({ subresource }) => subresource);

test("a node renews its own certificate by one permission, or gets its first by another", () => {
  assert.deepEqual(asked({}), ["nodeclient"]);
  assert.deepEqual(asked({ username: "system:node:foo" }), ["selfnodeclient", "nodeclient"]);
});

test("nothing else is approved without a person, and nothing that is decided is decided anew", () => {
  assert.deepEqual(asked({ signerName: "kubernetes.io/kube-apiserver-client" }), []);
  assert.deepEqual(asked({ signerName: "kubernetes.io/kubelet-serving" }), []);
  assert.deepEqual(asked({ usages: ["server auth"] }), []);
  assert.deepEqual(asked({ names: { dnsNames: ["a"] } }), []);
  for (const type of ["Approved", "Denied"]) {
    assert.deepEqual(asked({ status: { conditions: [{ type, status: "True" }] } }), []);
  }
  assert.deepEqual(asked({ status: { certificate: "UEVN" } }), []);
});

test("an approval says why, at the version that was looked at, beside what others have said", () => {
  const failed = { type: "Failed", status: "True" };
  const request = requestOf({ status: { conditions: [failed] } });
  const [permission] = permissionsFor(request);
  assert.deepEqual(plan({ request, permission: undefined }), []);
  const [action] = plan({ request, permission });
  assert.ok(action?.type === "subresource");
  const { subresource, method, body } = action;
  const written = body as CertificateSigningRequest;
  assert.deepEqual([subresource, method, written.metadata.resourceVersion], ["approval", "update", "5"]);
  assert.deepEqual(written.status.conditions, [
    failed,
    {
      type: "Approved",
      status: "True",
      reason: "AutoApproved",
      message: "Auto approving kubelet client certificate after SubjectAccessReview.",
    },
  ]);
});
