import { goQuote } from "../../../apimachinery/text/go-quote.ts";
import type { HttpGet } from "./http-get.ts";
import { RemoteKeySet } from "./key-set.ts";

const discoveryPath = "/.well-known/openid-configuration";

/** The keys of an issuer, by what it says of itself (OpenID Connect Discovery 1.0). `documentUrl`: where, if not below its own. */
export async function discoverKeys(issuer: string, get: HttpGet, documentUrl = ""): Promise<RemoteKeySet> {
  const document = await get(documentUrl === "" ? issuer.replace(/\/$/, "") + discoveryPath : documentUrl);
  const said = JSON.parse(document) as { readonly issuer?: string; readonly jwks_uri?: string };
  if (said.issuer !== issuer) {
    const got = goQuote(said.issuer ?? "");
    throw new Error(
      `oidc: issuer did not match the issuer returned by provider, expected ${goQuote(issuer)} got ${got}`,
    );
  }
  if (!said.jwks_uri) throw new Error("provider did not return JWKS URL");
  return new RemoteKeySet(said.jwks_uri, get);
}
