import assert from "node:assert/strict";
import { generateKeyPairSync, type KeyObject, X509Certificate } from "node:crypto";
import { test } from "node:test";
import { CertificateSigningRequest } from "../../api/certificates/v1/certificate-signing-request.ts";
import { type AlternativeNames, type Subject, toPem } from "../../apimachinery/x509/certificate.ts";
import { createCertificateRequest } from "../../apimachinery/x509/certificate-request.ts";
import { realClock } from "../../base/mod.ts";
import { expect } from "../support/conformance.ts";
import { eventually } from "../support/eventually.ts";
import { type Credentials, type HttpClient, http2Client } from "../support/http.ts";
import { Refusal, type Thing, TypedResource } from "../support/typed-client.ts";
import { describeUpstream } from "../support/upstream.ts";

const clientSigner = "kubernetes.io/kube-apiserver-client";
const kubeletSigner = "kubernetes.io/kube-apiserver-client-kubelet";
const servingSigner = "kubernetes.io/kubelet-serving";
const signatures = ["digital signature", "key encipherment"];
const clientUsages = [...signatures, "client auth"];
const serverUsages = [...signatures, "server auth"];

const newKey = (): KeyObject => generateKeyPairSync("ec", { namedCurve: "P-256" }).privateKey;
const pemOf = (key: KeyObject): string => key.export({ type: "pkcs8", format: "pem" }) as string;
const text = (base64: string): string => Buffer.from(base64, "base64").toString();

interface Asked {
  readonly subject?: Subject;
  readonly names?: AlternativeNames;
  readonly key?: KeyObject;
  readonly signerName?: string;
  readonly usages?: readonly string[];
  readonly expirationSeconds?: number;
  readonly name?: string;
}

/** Rules: pkg/controller/certificates; test/integration/certificates. */
describeUpstream("certificates that clients ask for", (use) => {
  const requests = (): TypedResource => use.typed("certificatesigningrequests");
  const as = async <T>(credentials: Credentials, act: (requests: TypedResource, http: HttpClient) => Promise<T>) => {
    const client = http2Client(use.https.port, credentials);
    try {
      return await act(new TypedResource(client, CertificateSigningRequest), client);
    } finally {
      client.close();
    }
  };
  const user = (commonName: string, organizations: readonly string[] = []): Credentials =>
    use.https.issue({ commonName, organizations });
  let count = 0;
  const asked = ({ subject = { commonName: "panda" }, names, key = newKey(), name, ...spec }: Asked): object => ({
    metadata: { name: name ?? `csr-${++count}` },
    spec: {
      signerName: clientSigner,
      usages: clientUsages,
      request: Buffer.from(toPem("CERTIFICATE REQUEST", createCertificateRequest(subject, key, names))).toString(
        "base64",
      ),
      ...spec,
    },
  });
  const approve = (name: string): Promise<Thing> =>
    requests().change(
      name,
      (draft) => {
        draft["status"].conditions = [{ type: "Approved", status: "True", reason: "Test", message: "by a test" }];
      },
      "approval",
    );
  const issued = (name: string): Promise<X509Certificate> =>
    eventually(async () => {
      const { status } = await requests().get(name);
      assert.ok(status.certificate, JSON.stringify(status));
      return new X509Certificate(text(status.certificate));
    });
  const allow = async (username: string, name: string, rules: readonly object[]): Promise<void> => {
    const roleRef = { apiGroup: "rbac.authorization.k8s.io", kind: "ClusterRole", name };
    await use.typed("clusterroles").create({ metadata: { name }, rules });
    const subjects = [{ kind: "User", apiGroup: "rbac.authorization.k8s.io", name: username }];
    await use.typed("clusterrolebindings").create({ metadata: { name }, roleRef, subjects });
  };
  const rule = (verbs: string[], resources: string[], resourceNames?: string[]): object => ({
    apiGroups: ["certificates.k8s.io"],
    verbs,
    resources,
    ...(resourceNames === undefined ? {} : { resourceNames }),
  });
  const refusedAs = (code: number, message: string) => (error: unknown) => {
    assert.ok(error instanceof Refusal);
    assert.deepEqual([error.code, error.status["message"]], [code, message]);
    return true;
  };

  test("certificates hold as long as is asked for, and no longer than the signer's", async () => {
    const hour = 3600;
    const lifetimes: readonly (readonly [number | undefined, number])[] = [
      [undefined, 24 * hour],
      [24 * hour, 24 * hour],
      [48 * hour, 24 * hour],
      [20 * hour, 20 * hour],
      [10 * hour, 10 * hour],
      [2 * hour, 2 * hour + 300],
      [1800, 2100],
      [600, 900],
    ];
    const measure = async ([seconds, lasts]: readonly [number | undefined, number]): Promise<void> => {
      const spec = { usages: ["client auth"], ...(seconds === undefined ? {} : { expirationSeconds: seconds }) };
      const { metadata } = await requests().create(asked(spec));
      await approve(metadata.name);
      const { validToDate, validFromDate } = await issued(metadata.name);
      assert.equal((validToDate.getTime() - validFromDate.getTime()) / 1000, lasts, `of ${seconds} s`);
    };
    await Promise.all(lifetimes.map(measure));
    const { text } = await expect(use.admin, { path: "/metrics" }, 200);
    const counted = (what: string, count: number): string =>
      `apiserver_certificates_registry_csr_${what}_duration_total{signerName="${clientSigner}"} ${count}\n`;
    assert.ok(text.includes(counted("requested", 7)) && text.includes(counted("honored", 6)));
    for (const seconds of [599, 180, -420]) {
      const name = `short${seconds}`;
      await assert.rejects(
        requests().create(asked({ name, expirationSeconds: seconds })),
        refusedAs(
          422,
          `CertificateSigningRequest.certificates.k8s.io "${name}" is invalid: spec.expirationSeconds: Invalid value: ${seconds}: may not specify a duration less than 600 seconds (10 minutes)`,
        ),
      );
    }
  });

  test("who gets a certificate is let in with it, under its name and groups", async () => {
    const key = newKey();
    const subject = { commonName: "jane", organizations: ["devs", "ops1"] };
    const { metadata } = await requests().create(asked({ key, subject }));
    assert.equal((await requests().get(metadata.name))["status"].certificate, undefined);
    await approve(metadata.name);
    const certificate = await issued(metadata.name);
    assert.ok(certificate.checkIssued(use.https.authority.certificate));
    assert.deepEqual(certificate.keyUsage, ["1.3.6.1.5.5.7.3.2"]);
    const { username, groups } = await whoIs({
      ca: use.https.ca,
      certificate: certificate.toString(),
      key: pemOf(key),
    });
    assert.deepEqual([username, groups], ["jane", ["devs", "ops1", "system:authenticated"]]);
  });
  const whoIs = (credentials: Credentials): Promise<{ username: string; groups: readonly string[] }> =>
    as(credentials, async (_, http) => {
      const path = "/apis/authentication.k8s.io/v1/selfsubjectreviews";
      const body = { kind: "SelfSubjectReview", apiVersion: "authentication.k8s.io/v1" };
      const { json } = await expect(http, { method: "POST", path, body }, 201);
      return (json as Thing)["status"].userInfo;
    });

  test("what a signer does not sign is marked as failed, and never issued", async () => {
    const node = { commonName: "system:node:n1", organizations: ["system:nodes"] };
    const cases: readonly (readonly [Asked, string])[] = [
      [{ usages: serverUsages }, "invalid usage for client certificate: server auth"],
      [{ usages: signatures }, "missing required usage for client certificate: client auth"],
      [{ signerName: kubeletSigner }, "subject organization is not system:nodes"],
      [
        { signerName: kubeletSigner, subject: node, usages: serverUsages },
        "usages did not match [client auth digital signature key encipherment]",
      ],
      [{ signerName: kubeletSigner, subject: node, names: { dnsNames: ["a"] } }, "DNS subjectAltNames are not allowed"],
      [{ signerName: servingSigner, subject: node, usages: serverUsages }, "DNS or IP subjectAltName is required"],
      [
        {
          signerName: servingSigner,
          subject: { ...node, commonName: "n1" },
          usages: serverUsages,
          names: { dnsNames: ["n1"] },
        },
        "subject common name does not begin with system:node:",
      ],
    ];
    for (const [what, message] of cases) {
      const { metadata } = await requests().create(asked(what));
      await approve(metadata.name);
      const { conditions, certificate } = await eventually(async () => {
        const { status } = await requests().get(metadata.name);
        assert.ok(status.conditions.length > 1, message);
        return status;
      });
      const [, failed] = conditions;
      assert.deepEqual(
        [failed.type, failed.status, failed.reason, failed.message, certificate],
        ["Failed", "True", "SignerValidationFailure", message, undefined],
      );
    }
  });

  test("a serving certificate has the names and addresses that are asked for", async () => {
    const subject = { commonName: "system:node:n1", organizations: ["system:nodes"] };
    const names = { dnsNames: ["n1", "n1.example.com"], ipAddresses: ["192.0.2.1", "2001:db8::1"] };
    const serving = await requests().create(asked({ signerName: servingSigner, subject, names, usages: serverUsages }));
    await approve(serving.metadata.name);
    assert.equal(
      (await issued(serving.metadata.name)).subjectAltName,
      "DNS:n1, DNS:n1.example.com, IP Address:192.0.2.1, IP Address:2001:DB8:0:0:0:0:0:1",
    );
  });

  test("requests to others, and those that were denied, are left alone", async () => {
    const foreign = await requests().create(asked({ signerName: "example.com/own" }));
    const denied = await requests().create(asked({}));
    await requests().change(
      denied.metadata.name,
      (draft) => {
        draft["status"].conditions = [{ type: "Denied", status: "True", reason: "Test" }];
      },
      "approval",
    );
    await approve(foreign.metadata.name);
    await realClock.sleep(300);
    for (const { metadata } of [foreign, denied]) {
      const { status } = await requests().get(metadata.name);
      assert.deepEqual([status.certificate, status.conditions.length], [undefined, 1]);
    }
  });

  test("a kubelet with a bootstrap token gets its certificate unasked, and renews it with that", async () => {
    const inAnHour = new Date(Date.now() + 3_600_000).toISOString();
    const stringData = {
      "token-id": "joinin",
      "token-secret": "0123456789abcdef",
      "usage-bootstrap-authentication": "true",
      "auth-extra-groups": "system:bootstrappers:test",
      expiration: inAnHour,
    };
    const type = "bootstrap.kubernetes.io/token";
    await use
      .dynamic("secrets", "kube-system")
      .create({ metadata: { name: "bootstrap-token-joinin" }, type, stringData });
    await bindGroup("test:node-bootstrapper", "system:node-bootstrapper", "system:bootstrappers:test");
    const approving = "system:certificates.k8s.io:certificatesigningrequests";
    await bindGroup("test:node-approval", `${approving}:nodeclient`, "system:bootstrappers:test");
    await bindGroup("test:node-renewal", `${approving}:selfnodeclient`, "system:nodes");
    const node = { commonName: "system:node:joiner", organizations: ["system:nodes"] };
    const join = (credentials: Credentials, message: string): Promise<Credentials> =>
      as(credentials, async (own) => {
        const key = newKey();
        const request = asked({ key, subject: node, signerName: kubeletSigner });
        const { metadata } = await own.create(request);
        const certificate = await issued(metadata.name);
        const { conditions } = (await own.get(metadata.name))["status"];
        assert.deepEqual(
          conditions.map(({ type, status, reason, message }: Record<string, string>) => [
            type,
            status,
            reason,
            message,
          ]),
          [["Approved", "True", "AutoApproved", message]],
        );
        return { ca: use.https.ca, certificate: certificate.toString(), key: pemOf(key) };
      });
    const first = await join(
      { ca: use.https.ca, token: "joinin.0123456789abcdef" },
      "Auto approving kubelet client certificate after SubjectAccessReview.",
    );
    assert.equal((await whoIs(first)).username, "system:node:joiner");
    const second = await join(first, "Auto approving self kubelet client certificate after SubjectAccessReview.");
    assert.deepEqual(await whoIs(second), {
      ...(await whoIs(first)),
      ...{ extra: ((await whoIs(second)) as unknown as { extra: object }).extra },
    });
  });
  const bindGroup = (name: string, role: string, group: string): Promise<Thing> =>
    use.typed("clusterrolebindings").create({
      metadata: { name },
      roleRef: { apiGroup: "rbac.authorization.k8s.io", kind: "ClusterRole", name: role },
      subjects: [{ kind: "Group", apiGroup: "rbac.authorization.k8s.io", name: group }],
    });

  test("requests of kubelets are approved by permission: of the node itself, or of whoever may; no others are", async () => {
    const node = { commonName: "system:node:n7", organizations: ["system:nodes"] };
    const made = (username: string, spec: Asked): Promise<Thing> =>
      as(user(username, ["system:masters"]), async (own) => own.create(asked({ subject: node, ...spec })));
    const isApproved = async (name: string): Promise<boolean> =>
      ((await requests().get(name))["status"].conditions ?? []).length > 0;
    // Members of system:masters may do anything, so this one is asked of a person.
    const other = await made("system:node:n7", { signerName: clientSigner });
    const waiting = await as(user("patient"), async (own) => {
      await allow("patient", "test:may-ask", [rule(["create"], ["certificatesigningrequests"])]);
      return eventually(() => own.create(asked({ subject: node, signerName: kubeletSigner })));
    });
    const mine = await made("system:node:n7", { signerName: kubeletSigner });
    await eventually(async () => assert.ok(await isApproved(mine.metadata.name)));
    assert.deepEqual([await isApproved(other.metadata.name), await isApproved(waiting.metadata.name)], [false, false]);
    await allow("patient", "test:may-have", [rule(["create"], ["certificatesigningrequests/nodeclient"])]);
    await issued(waiting.metadata.name);
  });

  test("requests that were answered long ago go, others stay", async () => {
    const ago = (hours: number): string => `${new Date(Date.now() - hours * 3_600_000).toISOString().slice(0, 19)}Z`;
    const decided = async (type: string, hours: number): Promise<string> => {
      const { metadata } = await requests().create(asked({ signerName: "example.com/own" }));
      const condition = { type, status: "True", reason: "Test", lastUpdateTime: ago(hours) };
      await requests().change(
        metadata.name,
        (draft) => {
          draft["status"].conditions = [condition];
        },
        "approval",
      );
      return metadata.name;
    };
    const [oldDenied, denied] = [await decided("Denied", 2), await decided("Denied", 0.5)];
    const [oldApproved, approved] = [await decided("Approved", 25), await decided("Approved", 2)];
    for (const name of [oldDenied, oldApproved]) {
      await eventually(() => assert.rejects(requests().get(name), (error) => (error as Refusal).code === 404));
    }
    await requests().get(denied);
    await requests().get(approved);
  });

  test("who approves or signs needs the signer's permission", async () => {
    for (const verb of ["approve", "sign"]) {
      const subresource = verb === "approve" ? "approval" : "status";
      for (const [allowed, signer, fits] of [
        ["example.com/something", "example.com/something", true],
        ["example.com/*", "example.com/something", true],
        ["example.com/not-something", "example.com/something", false],
      ] as const) {
        const name = `${verb}-${allowed.replace(/[^a-z]/g, "")}`;
        await allow(name, `test:${name}`, [
          rule([verb], ["signers"], [allowed]),
          rule(["update"], [`certificatesigningrequests/${subresource}`]),
        ]);
        const request = structuredClone(await requests().create(asked({ name, signerName: signer })));
        const status = { conditions: [{ type: "Approved", status: "True", reason: "AutoApproved" }] };
        const certificate = Buffer.from(use.https.ca).toString("base64");
        const changed = { ...request, status: verb === "approve" ? status : { certificate } };
        const write = as(user(name), (own) => own.update(changed, subresource));
        if (fits) await write;
        else {
          const message = `certificatesigningrequests.certificates.k8s.io "${name}" is forbidden: user not permitted to ${verb} requests with signerName "${signer}"`;
          await assert.rejects(write, refusedAs(403, message));
        }
      }
    }
  });

  test("nobody asks for system:masters, and requests are selected by their signer", async () => {
    const subject = { commonName: "", organizations: ["system:masters"] };
    await assert.rejects(
      requests().create(asked({ name: "csr", subject, usages: signatures })),
      refusedAs(
        403,
        'certificatesigningrequests.certificates.k8s.io "csr" is forbidden: use of kubernetes.io/kube-apiserver-client signer with system:masters group is not allowed',
      ),
    );
    await requests().create(asked({ subject: { commonName: "", organizations: ["system:notmasters"] } }));
    for (const [name, signerName] of [
      ["a", "example.com/one"],
      ["b", "example.com/two"],
      ["c", "example.com/two"],
    ] as const) {
      await requests().create(asked({ name, signerName }));
    }
    const { items } = await requests().list({ fieldSelector: "spec.signerName=example.com/two" });
    assert.deepEqual(
      items.map(({ metadata }) => metadata.name),
      ["b", "c"],
    );
  });
});
