import assert from "node:assert/strict";
import { test } from "node:test";
import type { Backend, BackendRequest, BackendTarget } from "../../../apiserver/nodes/backend.ts";
import { BackendError } from "../../../apiserver/nodes/backend.ts";
import { eventually } from "../../support/eventually.ts";
import { type HttpClient, http1Client } from "../../support/http.ts";
import { describeUpstream } from "../../support/upstream.ts";

/** What the container serves at its ports, with TLS and without. */
const served: Readonly<Record<string, string>> = {
  "http 80": '<a href="/rewriteme">test</a>',
  "http 1080": '<a href="/rewriteme">test</a>',
  "http 160": "foo",
  "http 162": "bar",
  "https 443": '<a href="/tlsrewriteme">test</a>',
  "https 460": "tls baz",
  "https 462": "tls qux",
};
const container = { name: "agnhost", image: "agnhost:1" };

describeUpstream(
  "Proxy",
  (use) => {
    test("should proxy through a service and a pod", async () => {
      const namespace = await use.makeNamespace();
      const labels = { "proxy-service-target": "true" };
      const ports = [
        { name: "portname1", port: 80, targetPort: "dest1" },
        { name: "portname2", port: 81, targetPort: 162 },
        { name: "tlsportname1", port: 443, targetPort: "tlsdest1" },
        { name: "tlsportname2", port: 444, targetPort: 462 },
      ];
      const services = use.typed("services", namespace);
      const made = await services.create({
        metadata: { generateName: "proxy-service-" },
        spec: { selector: labels, ports },
      });
      const service = made.metadata.name;
      const containerPorts = [
        { containerPort: 80 },
        { name: "dest1", containerPort: 160 },
        { name: "dest2", containerPort: 162 },
        { name: "tlsdest1", containerPort: 460 },
        { name: "tlsdest2", containerPort: 462 },
      ];
      const template = { metadata: { labels }, spec: { containers: [{ ...container, ports: containerPorts }] } };
      await use.typed("deployments", namespace).create({
        metadata: { name: service },
        spec: { replicas: 1, selector: { matchLabels: labels }, strategy: { type: "Recreate" }, template },
      });
      const root = `/api/v1/namespaces/${namespace}`;
      const answers = async (path: string, body: string): Promise<void> => {
        const { status, text } = await use.admin.call({ path });
        assert.deepEqual([status, text], [200, body], path);
      };
      await eventually(() => answers(`${root}/services/${service}:portname1/proxy/`, "foo"));
      for (const [port, body] of [
        ["http:SERVICE:portname1", "foo"],
        ["SERVICE:portname2", "bar"],
        ["http:SERVICE:portname2", "bar"],
        ["https:SERVICE:tlsportname1", "tls baz"],
        ["https:SERVICE:tlsportname2", "tls qux"],
      ] as const) {
        await answers(`${root}/services/${port.replace("SERVICE", service)}/proxy/`, body);
      }
      const [pod] = (await use.typed("pods", namespace).list()).items;
      for (const [port, body] of [
        ["POD", "rewriteme"],
        ["POD:1080", "rewriteme"],
        ["http:POD:1080", "rewriteme"],
        ["POD:160", "foo"],
        ["http:POD:160", "foo"],
        ["POD:162", "bar"],
        ["http:POD:162", "bar"],
        ["https:POD:443", "tlsrewriteme"],
        ["https:POD:460", "tls baz"],
        ["https:POD:462", "tls qux"],
      ] as const) {
        const proxy = `${root}/pods/${port.replace("POD", pod!.metadata.name)}/proxy`;
        await answers(`${proxy}/`, body.endsWith("rewriteme") ? `<a href="${proxy}/${body}">test</a>` : body);
      }
    });

    const podAndService = async (name: string): Promise<string> => {
      const namespace = await use.makeNamespace();
      const labels = { test: "response" };
      const spec = { containers: [container], restartPolicy: "Never" };
      await use.typed("pods", namespace).create({ metadata: { name: "agnhost", labels }, spec });
      const ports = [{ port: 80, targetPort: 80, protocol: "TCP" }];
      await use.typed("services", namespace).create({ metadata: { name }, spec: { ports, selector: labels } });
      return `/api/v1/namespaces/${namespace}`;
    };
    /** Over both versions of HTTP, without a body as Go sends none. */
    const overBoth = async (each: (client: HttpClient) => Promise<void>): Promise<void> => {
      const http1 = http1Client(use.https.port, use.https.admin);
      try {
        for (const client of [use.admin, http1]) await each(client);
      } finally {
        http1.close();
      }
    };
    const isPassedOn = (client: HttpClient, method: string, path: string): Promise<void> =>
      eventually(async () => {
        const { status, text } = await client.call({ method, path, headers: { "x-json-response": "1" } });
        assert.equal(status, 200, text);
        if (method === "HEAD") assert.equal(text, "");
        else assert.deepEqual(JSON.parse(text), { Method: method, Body: "foo" });
      });

    test("A set of valid responses are returned for both pod and service ProxyWithPath", async () => {
      const root = await podAndService("test-service");
      await overBoth(async (client) => {
        for (const method of ["DELETE", "GET", "HEAD", "OPTIONS", "PATCH", "POST", "PUT"]) {
          await isPassedOn(client, method, `${root}/pods/agnhost/proxy/some/path/with/${method}`);
          await isPassedOn(client, method, `${root}/services/test-service/proxy/some/path/with/${method}`);
        }
      });
    });

    test("A set of valid responses are returned for both pod and service Proxy", async () => {
      const root = await podAndService("e2e-proxy-test-service");
      await overBoth(async (client) => {
        for (const method of ["DELETE", "OPTIONS", "PATCH", "POST", "PUT"]) {
          await isPassedOn(client, method, `${root}/pods/agnhost/proxy?method=${method}`);
          await isPassedOn(client, method, `${root}/services/e2e-proxy-test-service/proxy?method=${method}`);
        }
        for (const method of ["GET", "HEAD"]) {
          for (const target of ["pods/agnhost", "services/e2e-proxy-test-service"]) {
            const path = `${root}/${target}/proxy`;
            const { status, headers } = await client.call({ method, path: `${path}?method=${method}` });
            assert.deepEqual([status, headers["location"]], [301, `${path}/?method=${method}`]);
          }
        }
      });
    });
  },
  { nodes: ["node-1"], backend: porter() },
);

/** Every pod's container, in this process: its text at each port, or the method and "foo" as JSON where that is asked for. */
function porter(): Backend {
  return {
    async send({ scheme, host, port }: BackendTarget, { method, headers }: BackendRequest) {
      const text = served[`${scheme} ${port}`];
      if (text === undefined) throw new BackendError(`dial tcp ${host}:${port}: connect: connection refused`);
      const asJson = headers.some(([name]) => name.toLowerCase() === "x-json-response");
      const body = asJson ? JSON.stringify({ Method: method, Body: "foo" }) : text;
      const type = asJson ? "application/json" : text.startsWith("<a ") ? "text/html; charset=utf-8" : "text/plain";
      return {
        status: 200,
        headers: [
          ["Content-Type", type],
          ["Content-Length", String(Buffer.byteLength(body))],
        ],
        body: (async function* () {
          if (method !== "HEAD") yield Buffer.from(body);
        })(),
      };
    },
    upgrade: () => Promise.reject(new BackendError("nothing is upgraded here")),
    close: () => {},
  };
}
