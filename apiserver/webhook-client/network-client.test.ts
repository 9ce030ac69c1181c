import assert from "node:assert/strict";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { test } from "node:test";
import { ApiError } from "../../apimachinery/errors/api-error.ts";
import { realClock } from "../../base/mod.ts";
import { networkWebhookClient } from "./network-client.ts";
import type { ServiceResolver } from "./service-resolver.ts";
import { type Answer, startWebhook, type WebhookServerForTests } from "./testing/webhook-server.ts";
import type { WebhookClient } from "./webhook-client.ts";

const nobody: ServiceResolver = {
  resolve: (_namespace, name) => {
    throw ApiError.notFound({ group: "", resource: "service" }, name);
  },
};

const call = (timeoutMs = 10_000, signal = new AbortController().signal) => ({ body: { a: 1 }, timeoutMs, signal });

async function withWebhook(
  answer: Answer,
  run: (webhook: WebhookServerForTests, client: WebhookClient) => Promise<void>,
  { dnsNames, ipAddresses }: { dnsNames?: readonly string[]; ipAddresses?: readonly string[] } = {},
): Promise<void> {
  const names = { ...(dnsNames ? { dnsNames } : {}), ...(ipAddresses ? { ipAddresses } : {}) };
  const webhook = await startWebhook(answer, names);
  const services: ServiceResolver = { resolve: () => ({ host: "127.0.0.1", port: webhook.port }) };
  const client = networkWebhookClient({ clock: realClock, services, maxAnswerBytes: 10_000 });
  try {
    await run(webhook, client);
  } finally {
    client.close();
    await webhook.close();
  }
}

test("a webhook named by URL gets one POST of JSON and the timeout, and its answer comes back", async () => {
  await withWebhook(
    () => ({ ok: true }),
    async (webhook, client) => {
      const { url, caBundle } = webhook;
      const answer = await client.call({ url: `${url}/a//b/`, caBundle }, call(9_500));
      assert.deepEqual(JSON.parse(answer.body.toString()), { ok: true });
      assert.equal(answer.contentType, "application/json");
      const [received] = webhook.calls;
      assert.equal(received!.path, "/a/b?timeout=10s");
      assert.deepEqual(received!.body, { a: 1 });
      assert.equal(received!.headers["user-agent"], "kube-apiserver-admission");
      assert.equal(received!.headers["content-type"], "application/json");
    },
  );
});

test("a service is reached where the resolver says, under its name, and its connection is kept", async () => {
  await withWebhook(
    () => ({}),
    async (webhook, client) => {
      const config = { service: { namespace: "ns", name: "svc" }, caBundle: webhook.caBundle };
      await client.call(config, call());
      await client.call(config, call());
      assert.equal(webhook.calls[0]!.headers.host, "svc.ns.svc:443");
      assert.equal(webhook.calls[0]!.path, "/?timeout=10s");
      assert.equal(webhook.connections(), 1);
    },
    { dnsNames: ["svc.ns.svc"], ipAddresses: [] },
  );
});

test("certificates are checked, and refusals say why as Go does", async () => {
  await withWebhook(
    () => ({}),
    async ({ port, caBundle, url }, client) => {
      const service = { namespace: "ns", name: "svc" };
      await assert.rejects(client.call({ service, caBundle }, call()), {
        message:
          'Post "https://svc.ns.svc:443/?timeout=10s": tls: failed to verify certificate: x509: certificate is valid for other.ns.svc, not svc.ns.svc',
      });
      await assert.rejects(client.call({ url, caBundle }, call()), {
        message: `Post "${url}/?timeout=10s": tls: failed to verify certificate: x509: cannot validate certificate for 127.0.0.1 because it doesn't contain any IP SANs`,
      });
      await assert.rejects(client.call({ url: `https://localhost:${port}` }, call()), {
        message: `Post "https://localhost:${port}/?timeout=10s": tls: failed to verify certificate: x509: certificate signed by unknown authority`,
      });
    },
    { dnsNames: ["other.ns.svc"], ipAddresses: [] },
  );
});

test("where there is nobody, the error says so as Go's client does", async () => {
  const client = networkWebhookClient({ clock: realClock, services: nobody });
  await assert.rejects(client.call({ url: "https://127.0.0.1:1/x" }, call(30_000)), {
    name: "WebhookCallError",
    message: 'Post "https://127.0.0.1:1/x?timeout=30s": dial tcp 127.0.0.1:1: connect: connection refused',
  });
  await assert.rejects(client.call({ service: { namespace: "ns", name: "svc", path: "/x", port: 8443 } }, call()), {
    message: 'Post "https://svc.ns.svc:8443/x?timeout=10s": service "svc" not found',
  });
  await assert.rejects(client.call({}, call()), {
    name: "WebhookConfigError",
    message: "webhook configuration must have either service or URL",
  });
  const caBundle = Buffer.from("no certificate").toString("base64");
  await assert.rejects(client.call({ url: "https://127.0.0.1:1/x", caBundle }, call()), {
    name: "WebhookConfigError",
    message: "unable to load root certificates: unable to parse bytes as PEM block",
  });
  client.close();
});

test("a stuck webhook is given up in time, before and within its answer", async () => {
  await withWebhook(
    () => undefined,
    async (webhook, client) => {
      const { url, caBundle } = webhook;
      await assert.rejects(client.call({ url, caBundle }, call(200)), {
        message: `Post "${url}/?timeout=1s": context deadline exceeded`,
      });
      webhook.answer = (_call, response) => void response.writeHead(200).write("{");
      await assert.rejects(client.call({ url, caBundle }, call(200)), {
        message: "unexpected error when reading response body. Please retry. Original error: context deadline exceeded",
      });
      const gone = new AbortController();
      setTimeout(() => gone.abort(), 50);
      await assert.rejects(client.call({ url, caBundle }, call(10_000, gone.signal)), { message: /context canceled$/ });
    },
  );
});

test("an answer that is too long is not read to its end", async () => {
  await withWebhook(
    (_call, response) => void response.end("x".repeat(10_001)),
    async ({ url, caBundle }, client) => {
      await assert.rejects(client.call({ url, caBundle }, call()), {
        message: /the answer is longer than 10000 bytes$/,
      });
    },
  );
});

test("a failure is the Status it brings, or what its code says; redirects are not followed", async () => {
  await withWebhook(
    (_call, response) => void response.writeHead(500, { "content-type": "text/plain" }).end("broken\n"),
    async (webhook, client) => {
      const { url, caBundle } = webhook;
      await assert.rejects(client.call({ url, caBundle }, call()), {
        message: 'an error on the server ("broken") has prevented the request from succeeding',
        code: 500,
      });
      webhook.answer = (_call, response) =>
        void response.writeHead(404, { "content-type": "application/json" }).end("{}");
      await assert.rejects(client.call({ url, caBundle }, call()), {
        message: "the server could not find the requested resource",
      });
      webhook.answer = (_call, response) =>
        void response
          .writeHead(403, { "content-type": "application/json" })
          .end('{"kind":"Status","apiVersion":"v1","status":"Failure","message":"no","reason":"Forbidden","code":403}');
      await assert.rejects(client.call({ url, caBundle }, call()), { message: "no", reason: "Forbidden" });
      const before = webhook.calls.length;
      webhook.answer = (_call, response) => void response.writeHead(307, { location: "/other" }).end();
      await assert.rejects(client.call({ url, caBundle }, call()), {
        message: "the server responded with the status code 307 but did not return more information",
      });
      assert.equal(webhook.calls.length, before + 1);
    },
  );
});

test("an answer that asks to come back later is asked for again, within the time", async () => {
  let refusals = 1;
  await withWebhook(
    (_call, response) => {
      if (refusals-- > 0) return void response.writeHead(503, { "retry-after": "1" }).end();
      return { ok: true };
    },
    async (webhook, client) => {
      const { url, caBundle } = webhook;
      assert.equal((await client.call({ url, caBundle }, call())).code, 200);
      assert.equal(webhook.calls.length, 2);
      refusals = 100;
      await assert.rejects(client.call({ url, caBundle }, call(100)), { message: /deadline exceeded|aborted/ });
    },
  );
});

test("a connection that the webhook closed meanwhile is replaced, and the call is made once", async () => {
  await withWebhook(
    (_call, response) => {
      response.end("{}", () => response.socket?.destroy());
      return undefined;
    },
    async (webhook, client) => {
      const { url, caBundle } = webhook;
      for (let i = 0; i < 20; i++) await client.call({ url, caBundle }, call());
      assert.equal(webhook.calls.length, 20);
    },
  );
});

test("whoever speaks plain HTTP on the port is told apart", async () => {
  const server = createServer((_request, response) => void response.end("{}"));
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  const client = networkWebhookClient({ clock: realClock, services: nobody });
  await assert.rejects(client.call({ url: `https://127.0.0.1:${port}` }, call()), {
    message: /http: server gave HTTP response to HTTPS client$/,
  });
  client.close();
  server.closeAllConnections();
  server.close();
});
