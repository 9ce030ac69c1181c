import assert from "node:assert/strict";
import { generateKeyPairSync } from "node:crypto";
import { test } from "node:test";
import type { CertificateSigningRequest } from "../../api/certificates/v1/certificate-signing-request.ts";
import { formatTime } from "../../apimachinery/time/time.ts";
import { issueCertificate, toPem } from "../../apimachinery/x509/certificate.ts";
import { plan, summarize } from "./plan.ts";

const now = Date.UTC(2026, 0, 10);
const minute = 60_000;
const hour = 60 * minute;
const { privateKey, publicKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });

function certificate(notAfter: number): string {
  const der = issueCertificate(
    { subject: { commonName: "n" }, publicKey, serialNumber: Buffer.from([1]), notBefore: 0, notAfter, keyUsages: [] },
    { privateKey },
  );
  return Buffer.from(toPem("CERTIFICATE", der)).toString("base64");
}

/** A condition of so many milliseconds ago. */
const condition = (type: string, agoMs?: number) => ({
  type,
  status: "True",
  ...(agoMs === undefined ? {} : { lastUpdateTime: formatTime(now - agoMs) }),
});

function requestOf(ageMs: number, status: CertificateSigningRequest["status"]): CertificateSigningRequest {
  return {
    apiVersion: "certificates.k8s.io/v1",
    kind: "CertificateSigningRequest",
    metadata: { name: "r", uid: "u", creationTimestamp: formatTime(now - ageMs) },
    spec: { signerName: "example.com/a", request: "" },
    status,
  };
}

test("requests go when nobody needs them any more", () => {
  const valid = certificate(now + hour);
  const cases: readonly (readonly [string, boolean, number, CertificateSigningRequest["status"]])[] = [
    ["pending, fresh", false, minute, {}],
    ["pending, old", true, 25 * hour, {}],
    ["denied, fresh", false, 25 * hour, { conditions: [condition("Denied", 50 * minute)] }],
    ["denied, old", true, minute, { conditions: [condition("Denied", 61 * minute)] }],
    ["failed, old", true, minute, { conditions: [condition("Approved", minute), condition("Failed", 61 * minute)] }],
    ["approved, fresh, not issued", false, 25 * hour, { conditions: [condition("Approved", 61 * minute)] }],
    ["approved, old, not issued", true, minute, { conditions: [condition("Approved", 25 * hour)] }],
    ["issued, fresh", false, 25 * hour, { conditions: [condition("Approved", 50 * minute)], certificate: valid }],
    ["issued, old", true, minute, { conditions: [condition("Approved", 61 * minute)], certificate: valid }],
    [
      "issued, expired",
      true,
      minute,
      { conditions: [condition("Approved", minute)], certificate: certificate(now - minute) },
    ],
    [
      "expired, never approved",
      false,
      minute,
      { conditions: [condition("Denied", minute)], certificate: certificate(0) },
    ],
    ["damaged", false, minute, { conditions: [condition("Approved", minute)], certificate: "bm9uZQ==" }],
    ["without times", false, 25 * hour, { conditions: [condition("Denied")] }],
  ];
  for (const [name, goes, ageMs, status] of cases) {
    const request = requestOf(ageMs, status);
    const actions = plan({ request, now });
    assert.equal(actions.length > 0, goes, name);
    const { wakeAtMs } = summarize({ request, now });
    if (goes) assert.equal(wakeAtMs, undefined, name);
    else if (wakeAtMs !== undefined) {
      assert.ok(plan({ request, now: wakeAtMs - 1 }).length === 0 && plan({ request, now: wakeAtMs }).length > 0, name);
    }
  }
});

test("only the very request that was looked at goes", () => {
  const [action] = plan({ request: requestOf(25 * hour, {}), now });
  assert.ok(action?.type === "delete");
  assert.deepEqual([action.name, action.uid], ["r", "u"]);
});
