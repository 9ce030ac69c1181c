import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { Backend } from "../../../apiserver/nodes/backend.ts";
import { httpBackend } from "../../../apiserver/nodes/http-backend.ts";
import { realClock } from "../../../base/mod.ts";
import { expect } from "../../support/conformance.ts";
import { startExtensionServer } from "../../support/extension-server.ts";
import { clientOf } from "../../support/http.ts";
import { startHttpsServer } from "../../support/https-server.ts";
import { template } from "./pods.ts";

// test/integration/apiserver/podlogs/podlogs_test.go

describe("Kubelets as integration tests play them", { timeout: 60_000 }, () => {
  it("TestInsecurePodLogs", async () => {
    const kubelet = await startExtensionServer("kubelet", "kubelet");
    kubelet.answer = (_request, response) => {
      response.end("fake-log");
      return true;
    };
    let real: Backend | undefined;
    const backend: Backend = {
      send: (target, request) => real!.send(target, request),
      upgrade: (target, request) => real!.upgrade(target, request),
      close: () => real?.close(),
    };
    const https = await startHttpsServer({ backend });
    const { ca, key: clientKey = "", certificate: clientCert = "" } = https.admin;
    // This authority has not issued the kubelet's certificate.
    real = httpBackend({ clientKey, clientCert, ca }, realClock);
    const admin = clientOf.h2(https.port, https.admin);
    try {
      const create = (path: string, body: object) => expect(admin, { method: "POST", path, body }, 201);
      const node = { apiVersion: "v1", kind: "Node", metadata: { name: "fake" } };
      const status = {
        addresses: [{ type: "ExternalIP", address: "127.0.0.1" }],
        daemonEndpoints: { kubeletEndpoint: { Port: kubelet.port } },
      };
      await create("/api/v1/nodes", node);
      await expect(admin, { method: "PUT", path: "/api/v1/nodes/fake/status", body: { ...node, status } }, 200);
      await create("/api/v1/namespaces", { metadata: { name: "ns" } });
      await create("/api/v1/namespaces/ns/serviceaccounts", { metadata: { name: "default" } });
      const { spec } = template({}) as { spec: object };
      const pod = { nodeName: "fake", automountServiceAccountToken: false };
      await create("/api/v1/namespaces/ns/pods", { metadata: { name: "test-pod" }, spec: { ...spec, ...pod } });
      const log = "/api/v1/namespaces/ns/pods/test-pod/log";
      await expect(admin, { path: `${log}?insecureSkipTLSVerifyBackend=true` }, 200, "fake-log");
      const refused = await expect(admin, { path: log }, 500);
      const { message } = refused.json as { readonly message: string };
      const why = "tls: failed to verify certificate: x509: certificate signed by unknown authority";
      assert.match(message, /^Get "https:\/\/127\.0\.0\.1:\d+\/containerLogs\/ns\/test-pod\/.*": /);
      assert.ok(message.endsWith(why), message);
    } finally {
      admin.close();
      await https.close();
      await kubelet.close();
    }
  });
});
