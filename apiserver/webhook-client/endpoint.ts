import { goQuote } from "../../apimachinery/text/go-quote.ts";
import { credentialsFor, type WebhookCredentials, type WebhookKubeconfig } from "./credentials.ts";
import type { Location, ServiceResolver } from "./service-resolver.ts";
import { type WebhookClientConfig, WebhookConfigError, type WebhookServer } from "./webhook-client.ts";

/** Where a call goes, and how both sides show who they are. */
export interface WebhookEndpoint {
  readonly scheme: "http" | "https";
  /** As the URL has it: name or address, with the port if it is written. */
  readonly authority: string;
  /** Without query; no slash at its end but its first. */
  readonly path: string;
  /** Where to connect to. Throws where there is nobody. */
  readonly dial: () => Location;
  /** PEM. */
  readonly ca?: string;
  readonly serverName: string;
  readonly insecureSkipVerify?: boolean;
  readonly credentials?: WebhookCredentials;
}

const defaultPort = 443;

export interface EndpointDeps {
  readonly services: ServiceResolver;
  readonly kubeconfig?: WebhookKubeconfig;
}

/** As apiserver/pkg/util/webhook ClientManager reads a configuration. Throws WebhookConfigError. */
export function endpointOf(config: WebhookClientConfig | WebhookServer, deps: EndpointDeps): WebhookEndpoint {
  if ("server" in config) {
    const { server, serverName, ...rest } = config;
    const place = placeOf(server);
    return { ...place, ...rest, ...(serverName === undefined ? {} : { serverName }) };
  }
  const { service, url, caBundle } = config;
  const ca = caBundle === undefined || caBundle === "" ? {} : { ca: Buffer.from(caBundle, "base64").toString("utf8") };
  if (service !== undefined) {
    const { namespace, name, path = "", port = defaultPort } = service;
    const serverName = `${name}.${namespace}.svc`;
    const authority = `${serverName}:${port}`;
    return {
      scheme: "https",
      authority,
      path: clean(path),
      dial: () => deps.services.resolve(namespace, name, port),
      serverName,
      ...ca,
      ...known(deps, authority),
    };
  }
  if (!url) throw new WebhookConfigError("webhook configuration must have either service or URL");
  const place = placeOf(url);
  const { host, port } = place.dial();
  return { ...place, ...ca, ...known(deps, `${host}:${port}`) };
}

function known({ kubeconfig }: EndpointDeps, target: string): { credentials?: WebhookCredentials } {
  const credentials = kubeconfig === undefined ? undefined : credentialsFor(kubeconfig, target);
  return credentials === undefined ? {} : { credentials };
}

function placeOf(text: string): Pick<WebhookEndpoint, "scheme" | "authority" | "path" | "dial" | "serverName"> {
  let url: URL;
  try {
    url = new URL(text);
  } catch (cause) {
    throw new WebhookConfigError(`Unparsable URL: parse ${goQuote(text)}: invalid URI for request`, { cause });
  }
  const scheme = url.protocol === "http:" ? "http" : "https";
  const host = url.hostname.replace(/^\[|\]$/g, "");
  const port = Number(url.port || (scheme === "http" ? 80 : defaultPort));
  // What the URL class drops, a port that is the scheme's own, stays.
  const authority = /^[a-z]+:\/\/(?:[^@/?#]*@)?([^/?#]*)/i.exec(text)?.[1] ?? url.host;
  return { scheme, authority, path: clean(url.pathname), serverName: host, dial: () => ({ host, port }) };
}

/** As Go's path.Join leaves it, with a slash before it. */
function clean(path: string): string {
  return `/${path}`.replace(/\/{2,}/g, "/").replace(/(?<=.)\/$/, "");
}
