import assert from "node:assert/strict";
import { after, before, describe } from "node:test";
import { type Answer, type Call, clientOf, type HttpClient, type Watch } from "./http.ts";
import { type HttpsServer, type HttpsServerOptions, startHttpsServer } from "./https-server.ts";

export interface Subject {
  readonly protocol: keyof typeof clientOf;
  readonly https: HttpsServer;
  /** As system:masters. */
  readonly admin: HttpClient;
  /** A client for somebody else; closed with the rest. */
  as(credentials: Parameters<typeof clientOf.h1>[1]): HttpClient;
}

export const configMaps = "/api/v1/namespaces/default/configmaps";

/** Runs the same tests over HTTP/1.1 and HTTP/2, each against a server of its own. */
export function onBothProtocols(
  name: string,
  tests: (subject: () => Subject) => void,
  options?: HttpsServerOptions,
): void {
  for (const protocol of ["h1", "h2"] as const) {
    describe(`${name} (${protocol})`, { timeout: 60_000 }, () => {
      let subject: Subject;
      const clients: HttpClient[] = [];
      before(async () => {
        const https = await startHttpsServer(options);
        const open: Subject["as"] = (credentials) => {
          const client = clientOf[protocol](https.port, credentials);
          clients.push(client);
          return client;
        };
        subject = { protocol, https, admin: open(https.admin), as: open };
      });
      after(async () => {
        for (const client of clients) {
          client.close();
        }
        await subject?.https.close();
      });
      tests(() => subject);
    });
  }
}

/** A Failure exactly as it stands in the body. */
export function failure(code: number, reason: string, message: string, details?: object): object {
  return {
    kind: "Status",
    apiVersion: "v1",
    metadata: {},
    status: "Failure",
    message,
    reason,
    ...(details === undefined ? {} : { details }),
    code,
  };
}

export async function expect(client: HttpClient, call: Call, status: number, body?: object | string): Promise<Answer> {
  const answer = await client.call(call);
  const shown = `${call.method ?? "GET"} ${call.path} answered ${answer.status} ${answer.text.slice(0, 1_000)}`;
  assert.equal(answer.status, status, shown);
  if (typeof body === "string") {
    assert.equal(answer.text, body, shown);
  } else if (body !== undefined) {
    assert.deepEqual(answer.json, body, shown);
  }
  return answer;
}

/** What a test reads of an object; the rest it compares whole. */
export interface Seen {
  readonly kind: string;
  readonly apiVersion: string;
  readonly metadata: {
    readonly name: string;
    readonly namespace?: string;
    readonly uid: string;
    readonly resourceVersion: string;
    readonly generation?: number;
    readonly creationTimestamp: string;
    readonly deletionTimestamp?: string;
    readonly deletionGracePeriodSeconds?: number;
    readonly labels?: Readonly<Record<string, string>>;
    readonly annotations?: Readonly<Record<string, string>>;
    readonly finalizers?: readonly string[];
    readonly managedFields?: readonly {
      readonly manager: string;
      readonly operation: string;
      readonly subresource?: string;
      readonly fieldsV1: object;
    }[];
    readonly continue?: string;
    readonly remainingItemCount?: number;
  };
  readonly data?: Readonly<Record<string, string>>;
  readonly items?: readonly Seen[];
  readonly spec?: Readonly<Record<string, unknown>>;
  readonly status?: Readonly<Record<string, unknown>>;
  readonly message?: string;
}

export const seen = (answer: Answer): Seen => answer.json as Seen;

export interface Event {
  readonly type: string;
  readonly object: Seen;
}

export async function nextEvent(watch: Watch): Promise<Event> {
  return (await watch.next()) as Event;
}

export async function create(client: HttpClient, name: string, more: object = {}): Promise<Seen> {
  const { metadata = {}, ...rest } = more as { metadata?: object };
  return seen(
    await expect(client, { method: "POST", path: configMaps, body: { metadata: { name, ...metadata }, ...rest } }, 201),
  );
}

/** The revision of the store, as a list says it. */
export async function revision(client: HttpClient): Promise<number> {
  return Number(seen(await expect(client, { path: `${configMaps}?limit=1` }, 200)).metadata.resourceVersion);
}
