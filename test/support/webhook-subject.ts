import { after, afterEach, before, describe } from "node:test";
import {
  startWebhook,
  type Answer as WebhookAnswer,
  type WebhookServerForTests,
} from "../../apiserver/webhook-client/testing/webhook-server.ts";
import { configMaps, expect } from "./conformance.ts";
import { type Call, clientOf, type HttpClient } from "./http.ts";
import { type HttpsServer, startHttpsServer } from "./https-server.ts";

export const configurations = "/apis/admissionregistration.k8s.io/v1";

export interface Review {
  readonly request: Readonly<Record<string, unknown>> & { readonly uid: string; readonly name?: string };
}

export const reviewOf = (body: unknown): Review["request"] => (body as Review).request;

/** An answer of a webhook that works. */
export const says =
  (response: object): WebhookAnswer =>
  ({ body }) => ({
    kind: "AdmissionReview",
    apiVersion: "admission.k8s.io/v1",
    response: { uid: reviewOf(body).uid, ...response },
  });

export const patches = (...operations: object[]): object => ({
  allowed: true,
  patchType: "JSONPatch",
  patch: Buffer.from(JSON.stringify(operations)).toString("base64"),
});

/** All that is done to ConfigMaps. */
export const rule = { operations: ["*"], apiGroups: [""], apiVersions: ["v1"], resources: ["configmaps"] };

/** A server, and a webhook that lets all pass until a test says otherwise. Configurations go after each test. */
export interface WebhookSubject {
  /** As system:masters. */
  readonly admin: HttpClient;
  readonly https: HttpsServer;
  readonly webhook: WebhookServerForTests;
  /** An entry of a configuration: the webhook, asked about ConfigMaps, changed as given. */
  hook(change?: object): object;
  register(kind: "Mutating" | "Validating", name: string, ...webhooks: object[]): Promise<void>;
  /** Makes a ConfigMap. */
  post(name: string, more?: object, query?: string): Call;
}

export function describeWebhooks(name: string, tests: (use: WebhookSubject) => void): void {
  describe(name, { timeout: 120_000 }, () => {
    let https: HttpsServer;
    let admin: HttpClient;
    let webhook: WebhookServerForTests;
    before(async () => {
      [https, webhook] = await Promise.all([startHttpsServer(), startWebhook(says({ allowed: true }))]);
      admin = clientOf.h2(https.port, https.admin);
    });
    after(async () => {
      admin?.close();
      await https?.close();
      await webhook?.close();
    });
    afterEach(async () => {
      for (const plural of ["mutatingwebhookconfigurations", "validatingwebhookconfigurations"]) {
        await expect(admin, { method: "DELETE", path: `${configurations}/${plural}` }, 200);
      }
      webhook.calls.length = 0;
      webhook.answer = says({ allowed: true });
    });
    tests({
      get admin() {
        return admin;
      },
      get https() {
        return https;
      },
      get webhook() {
        return webhook;
      },
      hook: (change = {}) => ({
        name: "hook.example.com",
        admissionReviewVersions: ["v1"],
        sideEffects: "None",
        clientConfig: { url: `${webhook.url}/review`, caBundle: webhook.caBundle },
        rules: [rule],
        ...change,
      }),
      async register(kind, name, ...webhooks) {
        const path = `${configurations}/${kind.toLowerCase()}webhookconfigurations`;
        await expect(admin, { method: "POST", path, body: { metadata: { name }, webhooks } }, 201);
      },
      post: (name, more = {}, query = "") => ({
        method: "POST",
        path: configMaps + query,
        body: { metadata: { name }, ...more },
      }),
    });
  });
}
