import assert from "node:assert/strict";
import {
  ApiException,
  type Configuration,
  createConfiguration,
  KubeConfig,
  ResponseContext,
  ServerConfiguration,
  type V1Status,
} from "@kubernetes/client-node";
import type { ServerProcess } from "../support/server-process.ts";

/** The kubeconfig that the server wrote: a client certificate of an administrator. */
export function adminConfig(server: ServerProcess): KubeConfig {
  const config = new KubeConfig();
  config.loadFromString(server.kubeconfig);
  return config;
}

/** The same, by another port: one that leads there. */
export function configThrough(config: KubeConfig, port: number): KubeConfig {
  const through = new KubeConfig();
  through.loadFromString(config.exportConfig());
  through.clusters = through.clusters.map((cluster) => ({ ...cluster, server: `https://127.0.0.1:${port}` }));
  return through;
}

/** The same server, with a token in place of the certificate. */
export function tokenConfig(server: ServerProcess, token: string): KubeConfig {
  const config = adminConfig(server);
  const cluster = config.getCurrentCluster();
  assert.ok(cluster !== null);
  config.loadFromClusterAndUser(cluster, { name: "token", token });
  return config;
}

/** Whoever is refused gets an ApiException that carries the Status. */
export async function refusal(call: Promise<unknown>): Promise<{ readonly code: number; readonly status: V1Status }> {
  try {
    await call;
  } catch (error) {
    assert.ok(error instanceof ApiException, String(error));
    const body: unknown = error.body;
    const status = (typeof body === "string" ? JSON.parse(body) : body) as V1Status;
    return { code: error.code, status };
  }
  assert.fail("the call succeeded");
}

/** A client whose answers are told as they came, before the package reads them. */
export function recordedClient<T>(
  config: KubeConfig,
  type: new (configuration: Configuration) => T,
  record: (text: string) => void,
): T {
  const configuration = createConfiguration({
    baseServer: new ServerConfiguration(config.getCurrentCluster()!.server, {}),
    authMethods: { default: config },
    promiseMiddleware: [
      {
        pre: (request) => Promise.resolve(request),
        async post({ httpStatusCode, headers, body }) {
          const text = await body.text();
          record(text);
          const replayed = new Response(text === "" ? null : text);
          return new ResponseContext(httpStatusCode, headers, {
            text: () => Promise.resolve(text),
            binary: () => Promise.resolve(Buffer.from(text)),
            stream: () => replayed.body,
          });
        },
      },
    ],
  });
  return new type(configuration);
}
