import { generateKeyPairSync, randomBytes, X509Certificate } from "node:crypto";
import type { IncomingMessage, ServerResponse } from "node:http";
import { createServer } from "node:https";
import type { AddressInfo } from "node:net";
import type { Duplex } from "node:stream";
import type { TLSSocket } from "node:tls";
import { extendedUsage, issueCertificate, toPem } from "../../apimachinery/x509/certificate.ts";
import type { Backend, BackendTarget } from "../../apiserver/nodes/backend.ts";
import { httpBackend } from "../../apiserver/nodes/http-backend.ts";
import { realClock } from "../../base/mod.ts";

/** What an extension server was asked. */
export interface SeenRequest {
  readonly method: string;
  readonly url: string;
  readonly headers: IncomingMessage["headers"];
  readonly body: string;
  /** Common name of the client's certificate. */
  readonly client: string | undefined;
}

export interface ExtensionServer {
  readonly port: number;
  /** PEM of its authority, in base64 as an APIService's caBundle has it. */
  readonly caBundle: string;
  readonly seen: SeenRequest[];
  /** Answers instead of the default. */
  answer: ((request: SeenRequest, response: ServerResponse) => boolean) | undefined;
  close(): Promise<void>;
}

/** Serves `GROUP/v1` with one namespaced resource `flunders`, over HTTPS on the loopback interface. */
export async function startExtensionServer(group: string, serverName: string): Promise<ExtensionServer> {
  const { key, cert, ca } = certificatesFor(serverName);
  const seen: SeenRequest[] = [];
  const sockets = new Set<Duplex>();
  const extension: { answer: ExtensionServer["answer"] } = { answer: undefined };
  const server = createServer({ key, cert, requestCert: true, rejectUnauthorized: false }, (request, response) => {
    void (async () => {
      const pieces: Buffer[] = [];
      for await (const piece of request) pieces.push(piece as Buffer);
      const one = seenOf(request, Buffer.concat(pieces).toString("utf8"));
      seen.push(one);
      if (extension.answer?.(one, response) !== true) answerDefault(group, one, response);
    })();
  });
  server.on("connection", (socket: Duplex) => {
    sockets.add(socket);
    socket.once("close", () => sockets.delete(socket));
  });
  server.on("upgrade", (request: IncomingMessage, socket: Duplex) => {
    seen.push(seenOf(request, ""));
    socket.write("HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: echo\r\n\r\n");
    socket.pipe(socket);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    port: (server.address() as AddressInfo).port,
    caBundle: Buffer.from(ca).toString("base64"),
    seen,
    get answer() {
      return extension.answer;
    },
    set answer(value) {
      extension.answer = value;
    },
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        for (const socket of sockets) socket.destroy();
      }),
  };
}

/** Everything that is sent to a port goes to that port of the loopback interface, whatever its address. */
export function loopbackBackend(): Backend {
  const real = httpBackend(undefined, realClock);
  const here = (target: BackendTarget): BackendTarget => ({ ...target, host: "127.0.0.1" });
  return {
    send: (target, request) => real.send(here(target), request),
    upgrade: (target, request) => real.upgrade(here(target), request),
    close: () => real.close(),
  };
}

function seenOf(request: IncomingMessage, body: string): SeenRequest {
  const certificate = (request.socket as TLSSocket).getPeerCertificate();
  const client = certificate?.subject?.CN as string | undefined;
  return { method: request.method ?? "", url: request.url ?? "", headers: request.headers, body, client };
}

function answerDefault(group: string, { url, method, body }: SeenRequest, response: ServerResponse): void {
  const path = url.split("?")[0];
  const json = (status: number, value: object): void => {
    response.writeHead(status, { "content-type": "application/json" });
    response.end(JSON.stringify(value));
  };
  const verbs = ["create", "delete", "get", "list", "watch"];
  const resource = { name: "flunders", singularName: "flunder", namespaced: true, kind: "Flunder", verbs };
  if (path === `/apis/${group}/v1`) {
    const status = { ...resource, name: "flunders/status", singularName: "", verbs: ["get", "update"] };
    const list = { kind: "APIResourceList", apiVersion: "v1", groupVersion: `${group}/v1` };
    json(200, { ...list, resources: [resource, status] });
  } else if (path === "/openapi/v3") {
    const serverRelativeURL = `/openapi/v3/apis/${group}/v1?hash=ABC`;
    json(200, { paths: { [`apis/${group}/v1`]: { serverRelativeURL }, version: { serverRelativeURL: "/x" } } });
  } else if (path === "/openapi/v2") {
    const schema = { $ref: "#/definitions/Flunder" };
    const paths = { [`/apis/${group}/v1/flunders`]: { get: { responses: { "200": { description: "OK", schema } } } } };
    json(200, { swagger: "2.0", paths: { ...paths, "/x": {} }, definitions: { Flunder: { type: "object" }, X: {} } });
  } else if (path === `/openapi/v3/apis/${group}/v1`) json(200, { openapi: "3.0.0", info: { title: "flunders" } });
  else if (path?.startsWith(`/apis/${group}/v1/`)) {
    if (method === "POST") json(201, JSON.parse(body) as object);
    else if (/[?&]watch=/.test(url)) watch(response);
    else json(200, { kind: "FlunderList", apiVersion: `${group}/v1`, metadata: {}, items: [] });
  } else json(404, { kind: "Status", apiVersion: "v1", status: "Failure", reason: "NotFound", code: 404 });
}

/** An event at once, another a moment later, then the end. */
function watch(response: ServerResponse): void {
  response.writeHead(200, { "content-type": "application/json" });
  const event = (name: string): string => `${JSON.stringify({ type: "ADDED", object: { metadata: { name } } })}\n`;
  response.write(event("first"));
  setTimeout(() => response.end(event("second")), 50);
}

function certificatesFor(serverName: string): { readonly key: string; readonly cert: string; readonly ca: string } {
  const validity = { notBefore: Date.now() - 60_000, notAfter: Date.now() + 3_600_000 };
  const authority = generateKeyPairSync("ec", { namedCurve: "P-256" });
  const root = issueCertificate(
    {
      subject: { commonName: "extension-ca" },
      publicKey: authority.publicKey,
      serialNumber: randomBytes(12),
      ...validity,
      keyUsages: ["digitalSignature", "certSign"],
      authority: true,
    },
    { privateKey: authority.privateKey },
  );
  const leaf = generateKeyPairSync("ec", { namedCurve: "P-256" });
  const certificate = issueCertificate(
    {
      subject: { commonName: serverName },
      publicKey: leaf.publicKey,
      serialNumber: randomBytes(12),
      ...validity,
      keyUsages: ["digitalSignature"],
      extendedUsages: [extendedUsage.serverAuth],
      names: { dnsNames: [serverName] },
    },
    { privateKey: authority.privateKey, certificate: new X509Certificate(root) },
  );
  const key = String(leaf.privateKey.export({ type: "pkcs8", format: "pem" }));
  return { key, cert: toPem("CERTIFICATE", certificate), ca: toPem("CERTIFICATE", root) };
}
