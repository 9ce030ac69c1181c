import { generateKeyPairSync, type KeyObject, randomBytes, X509Certificate } from "node:crypto";
import type { IncomingMessage, ServerResponse } from "node:http";
import { createServer } from "node:https";
import type { AddressInfo } from "node:net";
import { extendedUsage, issueCertificate, toPem } from "../../../apimachinery/x509/certificate.ts";

export interface ReceivedCall {
  readonly path: string;
  readonly headers: IncomingMessage["headers"];
  readonly body: unknown;
}

/** Answers a call: an object is sent as JSON, code 200; or the answer is written by hand. */
export type Answer = (call: ReceivedCall, response: ServerResponse) => unknown;

/** A webhook on HTTPS and loopback, with an authority of its own, for tests. */
export interface WebhookServerForTests {
  readonly port: number;
  /** `https://127.0.0.1:PORT`. */
  readonly url: string;
  /** Base64 of PEM. */
  readonly caBundle: string;
  readonly calls: ReceivedCall[];
  /** How many connections there have been. */
  readonly connections: () => number;
  answer: Answer;
  close(): Promise<void>;
}

const hourMs = 3_600_000;

function certificate(
  commonName: string,
  issuer: { readonly certificate?: X509Certificate; readonly privateKey: KeyObject } | undefined,
  names?: { readonly dnsNames: readonly string[]; readonly ipAddresses: readonly string[] },
): { pem: string; privateKey: KeyObject } {
  const { privateKey, publicKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
  const now = Date.now();
  const der = issueCertificate(
    {
      subject: { commonName },
      publicKey,
      serialNumber: randomBytes(12),
      notBefore: now - hourMs,
      notAfter: now + hourMs,
      keyUsages: names === undefined ? ["certSign"] : ["digitalSignature"],
      ...(names === undefined ? { authority: true } : { names, extendedUsages: [extendedUsage.serverAuth] }),
    },
    issuer ?? { privateKey },
  );
  return { pem: toPem("CERTIFICATE", der), privateKey };
}

export async function startWebhook(
  answer: Answer,
  {
    dnsNames = [],
    ipAddresses = ["127.0.0.1"],
  }: { dnsNames?: readonly string[]; ipAddresses?: readonly string[] } = {},
): Promise<WebhookServerForTests> {
  const ca = certificate("webhook-ca", undefined);
  const issuer = { certificate: new X509Certificate(ca.pem), privateKey: ca.privateKey };
  const leaf = certificate("webhook", issuer, { dnsNames, ipAddresses });
  const calls: ReceivedCall[] = [];
  let connections = 0;
  const server = createServer(
    { key: leaf.privateKey.export({ type: "pkcs8", format: "pem" }), cert: leaf.pem },
    (request, response) => void handle(request, response),
  );
  const handle = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    const text = Buffer.concat(chunks).toString("utf8");
    const call = {
      path: request.url ?? "",
      headers: request.headers,
      body: text === "" ? undefined : JSON.parse(text),
    };
    calls.push(call);
    const result = await webhook.answer(call, response);
    if (result === undefined) return;
    response.setHeader("content-type", "application/json");
    response.end(JSON.stringify(result));
  };
  server.on("secureConnection", () => connections++);
  server.on("tlsClientError", () => undefined);
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  const webhook: WebhookServerForTests = {
    port,
    url: `https://127.0.0.1:${port}`,
    caBundle: Buffer.from(ca.pem).toString("base64"),
    calls,
    connections: () => connections,
    answer,
    async close() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
  return webhook;
}
