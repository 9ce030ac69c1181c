import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { type Image, manifestType } from "./image.ts";

/** A registry's images. */
export interface RegistryImage {
  /** `team/app` */
  readonly repository: string;
  readonly tag: string;
  readonly image: Image;
}

export interface RegistryAccess {
  /** How it asks: by Basic, or by Bearer with tokens of its own (distribution/docs/spec/auth/token). */
  readonly scheme: "basic" | "bearer";
  /** User → password. */
  readonly users: Readonly<Record<string, string>>;
  /** Repositories that nobody has to ask for. */
  readonly publicRepositories?: readonly string[];
}

export interface RegistryOptions {
  readonly images: readonly RegistryImage[];
  /** Without it everything is open. */
  readonly access?: RegistryAccess;
  /** Any free one if not given. */
  readonly port?: number;
}

/** One request, after it was answered. */
export interface RegistryRequest {
  readonly method: string;
  /** With the query. */
  readonly url: string;
  readonly status: number;
  /** Who asked, where they said so. */
  readonly user?: string;
}

export interface RegistryServer {
  readonly port: number;
  close(): Promise<void>;
}

/** A registry on 127.0.0.1 that serves pulls, over HTTP (OCI distribution-spec: the category Pull). */
export async function serveRegistry(
  { images, access, port = 0 }: RegistryOptions,
  onRequest: (request: RegistryRequest) => void = () => {},
): Promise<RegistryServer> {
  const server = createServer((request, response) => {
    request.resume();
    const user = access === undefined ? undefined : userOf(request, access);
    response.on("finish", () => {
      const { method = "", url = "" } = request;
      onRequest({ method, url, status: response.statusCode, ...(user !== undefined && { user }) });
    });
    answer({ request, response, images, access, user });
  });
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen(port, "127.0.0.1", resolve);
  });
  return {
    port: (server.address() as AddressInfo).port,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

interface Exchange {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  readonly images: readonly RegistryImage[];
  readonly access: RegistryAccess | undefined;
  readonly user: string | undefined;
}

function answer(exchange: Exchange): void {
  const { request, response, images, access } = exchange;
  const url = new URL(request.url ?? "/", `http://${request.headers.host ?? "localhost"}`);
  if (access?.scheme === "bearer" && url.pathname === "/token") {
    giveToken(exchange, url);
    return;
  }
  const match = /^\/v2\/(?:(.+)\/(manifests|blobs)\/([^/]+))?$/.exec(url.pathname);
  if (match === null) {
    refuse(response, 404, "UNSUPPORTED");
    return;
  }
  const [, repository = "", kind, name = ""] = match;
  if (!mayRead(exchange, repository)) {
    const scope = repository === "" ? "" : `,scope="repository:${repository}:pull"`;
    const bearer = `Bearer realm="${url.origin}/token",service="test"${scope}`;
    response.setHeader("WWW-Authenticate", access?.scheme === "bearer" ? bearer : 'Basic realm="test"');
    refuse(response, 401, "UNAUTHORIZED");
    return;
  }
  const here = images.filter((image) => image.repository === repository);
  if (kind === undefined) response.end("{}");
  else if (kind === "manifests") sendManifest(exchange, here, name);
  else
    send(
      exchange,
      name,
      "application/octet-stream",
      here.map(({ image }) => image.blobs.get(name)).find((blob) => blob),
    );
}

/** By its tag or digest; an index has manifests below it. */
function sendManifest(exchange: Exchange, images: readonly RegistryImage[], name: string): void {
  const tagged = images.find(({ tag, image }) => tag === name || image.digest === name)?.image;
  const digest = tagged?.digest ?? name;
  const blob = tagged?.blobs.get(digest) ?? images.map(({ image }) => image.blobs.get(digest)).find((found) => found);
  if (blob === undefined) refuse(exchange.response, 404, "MANIFEST_UNKNOWN");
  else send(exchange, digest, tagged?.mediaType ?? manifestType, blob);
}

function send({ request, response }: Exchange, digest: string, type: string, blob: Uint8Array | undefined): void {
  if (blob === undefined) {
    refuse(response, 404, "BLOB_UNKNOWN");
    return;
  }
  const headers = { "Content-Type": type, "Content-Length": blob.byteLength, "Docker-Content-Digest": digest };
  response.writeHead(200, headers);
  response.end(request.method === "HEAD" ? undefined : blob);
}

function refuse(response: ServerResponse, status: number, code: string): void {
  response.writeHead(status, { "Content-Type": "application/json" });
  response.end(JSON.stringify({ errors: [{ code, message: code.toLowerCase() }] }));
}

/** Whether the request says who it is, or need not. */
function mayRead({ access, user }: Exchange, repository: string): boolean {
  return access === undefined || user !== undefined || (access.publicRepositories ?? []).includes(repository);
}

/** A token is the user's name: enough for a test. Without credentials it is nobody's, and opens what is public. */
function giveToken({ request, response, access, user }: Exchange, url: URL): void {
  if (request.method !== "GET") {
    refuse(response, 405, "UNSUPPORTED");
    return;
  }
  const isPublic = url.searchParams
    .getAll("scope")
    .every((scope) => (access?.publicRepositories ?? []).includes(scope.split(":")[1] ?? ""));
  if (user === undefined && (request.headers.authorization !== undefined || !isPublic)) {
    refuse(response, 401, "UNAUTHORIZED");
    return;
  }
  response.setHeader("Content-Type", "application/json");
  response.end(JSON.stringify({ token: user ?? "nobody", expires_in: 300 }));
}

function userOf({ headers }: IncomingMessage, { users }: RegistryAccess): string | undefined {
  const [scheme, value = ""] = (headers.authorization ?? "").split(" ");
  if (scheme === "Bearer") return Object.hasOwn(users, value) ? value : undefined;
  if (scheme !== "Basic") return undefined;
  const [user = "", ...password] = Buffer.from(value, "base64").toString().split(":");
  return Object.hasOwn(users, user) && users[user] === password.join(":") ? user : undefined;
}
