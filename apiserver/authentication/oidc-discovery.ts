import type { VerificationKey } from "./jwt.ts";
import type { TokenKeys } from "./token-keys.ts";

const openIdConfigurationPath = "/.well-known/openid-configuration";
const openIdKeysPath = "/openid/v1/jwks";

export interface DiscoveryDocument {
  readonly path: string;
  readonly contentType: string;
  readonly cacheControl: string;
  readonly body: string;
}

/** The documents as the keys are whenever somebody asks; the ways are the same. */
export function currentOpenIdDocuments(
  keys: TokenKeys,
  options: Omit<Parameters<typeof openIdDocuments>[0], "keys" | "maxAgeSeconds">,
): readonly DiscoveryDocument[] {
  const make = () =>
    openIdDocuments({
      ...options,
      keys: keys.keys.filter(({ hidden }) => hidden !== true),
      maxAgeSeconds: keys.maxAgeSeconds,
    });
  return make().map(({ path, contentType }, i) => ({
    path,
    contentType,
    get cacheControl() {
      return make()[i]!.cacheControl;
    },
    get body() {
      return make()[i]!.body;
    },
  }));
}

/**
 * What lets others verify service account tokens (pkg/serviceaccount/openidmetadata.go): the two documents, ready to
 * serve. Throws where the issuer is no https URL without query and fragment; the server then goes without them.
 */
export function openIdDocuments(options: {
  readonly issuer: string;
  /** Where the keys are, if not on this server. */
  readonly keysUrl?: string;
  /** Host and port under which this server is known. */
  readonly externalAddress: string;
  readonly keys: readonly VerificationKey[];
  readonly maxAgeSeconds?: number;
}): readonly DiscoveryDocument[] {
  checkIssuer(options.issuer);
  if (options.keys.length === 0) throw new Error("no keys provided for validating keyset");
  const keysUrl = options.keysUrl ?? `https://${options.externalAddress}${openIdKeysPath}`;
  if (!keysUrl.startsWith("https:")) throw new Error(`jwksURI requires https scheme, parsed as: ${keysUrl}`);
  const configuration = {
    issuer: options.issuer,
    jwks_uri: keysUrl,
    response_types_supported: ["id_token"],
    subject_types_supported: ["public"],
    id_token_signing_alg_values_supported: [...new Set(options.keys.map((key) => key.algorithm))].sort(),
  };
  const cacheControl = `public, max-age=${options.maxAgeSeconds ?? 3600}`;
  return [
    {
      path: openIdConfigurationPath,
      contentType: "application/json",
      cacheControl,
      body: JSON.stringify(configuration),
    },
    {
      path: openIdKeysPath,
      contentType: "application/jwk-set+json",
      cacheControl,
      body: JSON.stringify({ keys: options.keys.map(webKey) }),
    },
  ];
}

function checkIssuer(issuer: string): void {
  if (issuer === "") throw new Error("empty issuer URL");
  if (!URL.canParse(issuer) || new URL(issuer).protocol !== "https:")
    throw new Error(`issuer URL must use https scheme, got: ${issuer}`);
  const url = new URL(issuer);
  if (url.search !== "") throw new Error(`issuer URL may not include a query, got: ${issuer}`);
  if (url.hash !== "") throw new Error(`issuer URL may not include a fragment, got: ${issuer}`);
}

function webKey({ keyId, algorithm, key }: VerificationKey): object {
  const { kty, crv, x, y, n, e } = key.export({ format: "jwk" });
  return {
    use: "sig",
    kty,
    kid: keyId,
    ...(crv === undefined ? {} : { crv }),
    alg: algorithm,
    ...(x === undefined ? {} : { x, y }),
    ...(n === undefined ? {} : { n, e }),
  };
}
