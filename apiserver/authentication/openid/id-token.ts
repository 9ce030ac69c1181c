import { constants, type KeyObject, verify } from "node:crypto";
import { goQuote } from "../../../apimachinery/text/go-quote.ts";
import { type DecodedJwt, decodeJwt, type JwtClaims } from "../jwt.ts";

/** RFC 7518 names of what may sign tokens of other issuers (plugin/pkg/authenticator/token/oidc, allowedSigningAlgs). */
export const signingAlgorithms = [
  ...["ES256", "ES384", "ES512", "PS256", "PS384", "PS512", "RS256", "RS384", "RS512"],
] as const;

export interface IdTokenRules {
  readonly issuer: string;
  /** One of them has to be the token's. */
  readonly audiences: readonly string[];
  readonly algorithms: readonly string[];
  /** The public keys that may have signed a token that names `keyId`, or none. */
  readonly keys: (keyId: string | undefined) => Promise<readonly KeyObject[]>;
  /** Milliseconds since 1970. */
  readonly now: number;
}

/** A token that begins a little later than now was made by a clock that is a little fast. */
const notBeforeLeewayMs = 5 * 60_000;

/** The token's claims, once it is known that the issuer made it, and for us. Throws in go-oidc's words. */
export async function verifyIdToken(token: string, rules: IdTokenRules): Promise<JwtClaims> {
  const jwt = decodeJwt(token);
  if (jwt === undefined) throw new Error("oidc: malformed jwt");
  const { claims, header } = jwt;
  const issuer = issuerOf(claims);
  if (issuer !== rules.issuer) {
    throw new Error(
      `oidc: id token issued by a different provider, expected ${goQuote(rules.issuer)} got ${goQuote(issuer)}`,
    );
  }
  checkAudience(claims["aud"], rules.audiences);
  checkTimes(claims, rules.now);
  const algorithm = typeof header["alg"] === "string" ? header["alg"] : "";
  if (!rules.algorithms.includes(algorithm)) {
    const expected = `[${rules.algorithms.map(goQuote).join(" ")}]`;
    throw new Error(`oidc: id token signed with unsupported algorithm, expected ${expected} got ${goQuote(algorithm)}`);
  }
  const keyId = typeof header["kid"] === "string" ? header["kid"] : undefined;
  const keys = await rules.keys(keyId);
  if (!keys.some((key) => isSignedBy(jwt, algorithm, key))) {
    throw new Error("failed to verify signature: failed to verify id token signature");
  }
  return claims;
}

/** The issuer a token names; Google's older tokens leave out the scheme (OpenID Connect Core 1.0, GoogleIss). */
export function issuerOf(claims: JwtClaims): string {
  const issuer = typeof claims["iss"] === "string" ? claims["iss"] : "";
  return issuer === "accounts.google.com" ? "https://accounts.google.com" : issuer;
}

function checkAudience(found: unknown, expected: readonly string[]): void {
  const audiences = (Array.isArray(found) ? found : [found]).filter((one) => typeof one === "string");
  if (audiences.some((one) => expected.includes(one))) return;
  const shown = `[${audiences.map(goQuote).join(" ")}]`;
  if (expected.length === 1) throw new Error(`oidc: expected audience ${goQuote(expected[0]!)} got ${shown}`);
  throw new Error(`oidc: expected audience in [${[...expected].sort().map(goQuote).join(" ")}] got ${shown}`);
}

function checkTimes(claims: JwtClaims, now: number): void {
  const time = (name: string): number | undefined => {
    const value = claims[name];
    return typeof value === "number" ? value * 1_000 : undefined;
  };
  const shown = (ms: number): string => (Math.abs(ms) <= 8.64e15 ? new Date(ms).toISOString() : String(ms / 1_000));
  const expiry = time("exp") ?? 0;
  if (expiry < now) throw new Error(`oidc: token is expired (Token Expiry: ${shown(expiry)})`);
  const notBefore = time("nbf");
  if (notBefore !== undefined && now + notBeforeLeewayMs < notBefore) {
    throw new Error(`oidc: current time ${shown(now)} before the nbf (not before) time: ${shown(notBefore)}`);
  }
}

const curves: Readonly<Record<string, string>> = { ES256: "prime256v1", ES384: "secp384r1", ES512: "secp521r1" };

/** Only a key of the algorithm's own kind may have signed with it. */
function isSignedBy({ signingInput, signature, header }: DecodedJwt, algorithm: string, key: KeyObject): boolean {
  if (header["crit"] !== undefined) return false;
  const hash = `sha${algorithm.slice(2)}`;
  const input = Buffer.from(signingInput);
  if (algorithm.startsWith("ES")) {
    if (key.asymmetricKeyDetails?.namedCurve !== curves[algorithm]) return false;
    return verify(hash, input, { key, dsaEncoding: "ieee-p1363" }, signature);
  }
  if (key.asymmetricKeyType !== "rsa") return false;
  const pss = { padding: constants.RSA_PKCS1_PSS_PADDING, saltLength: constants.RSA_PSS_SALTLEN_DIGEST };
  return verify(hash, input, { key, ...(algorithm.startsWith("PS") ? pss : {}) }, signature);
}
