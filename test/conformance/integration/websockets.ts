import assert from "node:assert/strict";
import { test } from "node:test";
import { WebSocket } from "ws";
import { eventually } from "../../support/eventually.ts";
import { describeUpstream } from "../../support/upstream.ts";

// test/integration/apimachinery/watch_timeout_test.go: browsers watch over WebSockets.

interface Seen {
  readonly messages: { readonly text: string; readonly isBinary: boolean }[];
  readonly protocol: string;
  /** The status of a refusal, or the code with which the connection was closed. */
  readonly closed: Promise<number>;
  readonly socket: WebSocket;
}

describeUpstream(
  "Watches over WebSockets",
  (use) => {
    const open = async (
      path: string,
      { protocols = [] as string[], headers = {}, credentials = {} as object } = {},
    ): Promise<Seen> => {
      const { ca, certificate, key } = use.https.admin;
      const socket = new WebSocket(`wss://127.0.0.1:${use.https.port}${path}`, protocols, {
        ...{ ca, cert: certificate!, key: key!, headers: { origin: "https://localhost", ...headers } },
        ...credentials,
      });
      const messages: Seen["messages"] = [];
      socket.on("message", (data, isBinary) => messages.push({ text: String(data), isBinary }));
      socket.on("error", () => {});
      const closed = new Promise<number>((resolve) => {
        socket.on("unexpected-response", (_, { statusCode = 0 }) => resolve(statusCode));
        socket.on("close", (code) => resolve(code));
      });
      await Promise.race([new Promise((resolve) => socket.once("open", resolve)), closed]);
      return { messages, protocol: socket.protocol, closed, socket };
    };

    test("TestWebsocketWatchClientTimeout: a message an event, until the time is up", async () => {
      const configMaps = use.dynamic("configmaps", await use.makeNamespace());
      await configMaps.create({ metadata: { name: "before" } });
      const seen = await open(`${configMaps.path}?watch=true&timeoutSeconds=2`);
      await configMaps.create({ metadata: { name: "a" } });
      await configMaps.create({ metadata: { name: "b" } });
      await configMaps.delete("a");
      assert.equal(await seen.closed, 1000);
      const told = seen.messages.map(({ text, isBinary }) => {
        assert.ok(!isBinary && text.endsWith("}\n"));
        const { type, object } = JSON.parse(text) as { type: string; object: { metadata: { name: string } } };
        return `${type} ${object.metadata.name}`;
      });
      assert.deepEqual(told, ["ADDED before", "ADDED a", "ADDED b", "DELETED a"]);
    });

    test("a protocol is agreed to where there is one, and a token may stand behind another", async () => {
      const path = "/api/v1/watch/namespaces";
      const one = await open(path, { protocols: ["base64.binary.k8s.io"] });
      assert.equal(one.protocol, "base64.binary.k8s.io");
      one.socket.close();
      const accounts = use.dynamic("serviceaccounts", "default");
      await accounts.create({ metadata: { name: "watcher" } });
      const request = { apiVersion: "authentication.k8s.io/v1", kind: "TokenRequest", spec: { audiences: [] } };
      const { status } = await accounts.createBelow("watcher/token", request as never);
      const protocols = [
        `base64url.bearer.authorization.k8s.io.${Buffer.from(status.token).toString("base64url")}`,
        "x",
      ];
      const credentials = { cert: undefined, key: undefined };
      const refused = await open(path, { protocols, credentials });
      assert.equal(await refused.closed, 403);
      await use.typed("clusterrolebindings").create({
        metadata: { name: "watcher" },
        subjects: [{ kind: "ServiceAccount", name: "watcher", namespace: "default" }],
        roleRef: { apiGroup: "rbac.authorization.k8s.io", kind: "ClusterRole", name: "cluster-admin" },
      });
      const admitted = await open(path, { protocols, credentials });
      assert.equal(admitted.protocol, "x");
      await eventually(() => assert.ok(admitted.messages.length > 0));
      admitted.socket.close();
    });

    test("who says no origin, or offers two protocols, is refused as upstream refuses", async () => {
      const path = "/api/v1/namespaces?watch=1";
      assert.equal(await (await open(path, { headers: { origin: "" } })).closed, 403);
      assert.equal(await (await open(path, { protocols: ["a", "b"] })).closed, 400);
      assert.equal(await (await open("/api/v1/nonsense?watch=1")).closed, 404);
    });

    test("protobuf comes as bytes, without a length before it", async () => {
      const headers = { accept: "application/vnd.kubernetes.protobuf" };
      const seen = await open("/api/v1/namespaces?watch=1&timeoutSeconds=1", { headers });
      await seen.closed;
      assert.ok(seen.messages.length > 0);
      for (const { text, isBinary } of seen.messages) {
        assert.ok(isBinary);
        // Field 1 of a WatchEvent is its type, a text of five letters.
        assert.equal(text.slice(0, 7), "\n\u0005ADDED");
      }
    });

    test("a client that goes ends its watch", async () => {
      const watches = async (): Promise<number> => {
        const { text } = await use.admin.call({ path: "/metrics" });
        const found = /^apiserver_longrunning_requests\{[^\n]*resource="limitranges"[^\n]*\} (\d+)$/m.exec(text);
        return Number(found?.[1] ?? 0);
      };
      const seen = await open("/api/v1/limitranges?watch=1");
      await eventually(async () => assert.equal(await watches(), 1));
      seen.socket.terminate();
      await eventually(async () => assert.equal(await watches(), 0));
    });
  },
  { controllers: false },
);
