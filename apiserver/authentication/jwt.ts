import { createHash, createPublicKey, type KeyObject, sign, verify } from "node:crypto";

/** JSON Web Signature algorithms of service account tokens (RFC 7518 section 3.1). */
export type JwtAlgorithm = "RS256" | "ES256" | "ES384" | "ES512";

/** A public key that may have signed a token. */
export interface VerificationKey {
  /** base64url of the SHA-256 of the key's SubjectPublicKeyInfo, as upstream names keys. */
  readonly keyId: string;
  readonly algorithm: JwtAlgorithm;
  readonly key: KeyObject;
}

/** Claims as they were found: nothing about them is checked but that they are one JSON object. */
export type JwtClaims = Readonly<Record<string, unknown>>;

export interface DecodedJwt {
  readonly header: Readonly<Record<string, unknown>>;
  readonly claims: JwtClaims;
  readonly signingInput: string;
  readonly signature: Buffer;
}

const hashes: Readonly<Record<JwtAlgorithm, string>> = {
  RS256: "sha256",
  ES256: "sha256",
  ES384: "sha384",
  ES512: "sha512",
};
const curves: Readonly<Record<string, JwtAlgorithm>> = { prime256v1: "ES256", secp384r1: "ES384", secp521r1: "ES512" };

/** No token that the server could have made is longer. */
const maxTokenLength = 16 * 1024;

/** The verification key of a public or private key; throws for kinds that do not sign tokens. */
export function verificationKey(key: KeyObject): VerificationKey {
  const publicKey = key.type === "private" ? createPublicKey(key) : key;
  const spki = publicKey.export({ type: "spki", format: "der" });
  return {
    keyId: createHash("sha256").update(spki).digest("base64url"),
    algorithm: algorithmOf(publicKey),
    key: publicKey,
  };
}

function algorithmOf(key: KeyObject): JwtAlgorithm {
  if (key.asymmetricKeyType === "rsa") return "RS256";
  const algorithm = key.asymmetricKeyType === "ec" ? curves[key.asymmetricKeyDetails?.namedCurve ?? ""] : undefined;
  if (algorithm !== undefined) return algorithm;
  throw new Error(
    key.asymmetricKeyType === "ec"
      ? "unknown private key curve, must be 256, 384, or 521"
      : `unknown private key type ${key.asymmetricKeyType}, must be RSA or ECDSA`,
  );
}

/** Makes compact tokens with one private key. */
export class JwtSigner {
  readonly verificationKey: VerificationKey;
  readonly #key: KeyObject;
  readonly #header: string;

  constructor(privateKey: KeyObject) {
    this.#key = privateKey;
    this.verificationKey = verificationKey(privateKey);
    this.#header = encode({ alg: this.verificationKey.algorithm, kid: this.verificationKey.keyId });
  }

  sign(claims: JwtClaims): string {
    const input = `${this.#header}.${encode(claims)}`;
    const signature = sign(hashes[this.verificationKey.algorithm], Buffer.from(input), {
      key: this.#key,
      dsaEncoding: "ieee-p1363",
    });
    return `${input}.${signature.toString("base64url")}`;
  }
}

function encode(value: object): string {
  return Buffer.from(JSON.stringify(value)).toString("base64url");
}

/** Takes a compact token apart; undefined for anything that is none. Trust nothing of it before `verifyJwt`. */
export function decodeJwt(token: string): DecodedJwt | undefined {
  if (token.length > maxTokenLength) return undefined;
  const parts = token.split(".");
  const [head, body, signature] = parts;
  if (parts.length !== 3 || head === undefined || body === undefined || signature === undefined) return undefined;
  const header = decodeObject(head);
  const claims = decodeObject(body);
  const signatureBytes = decodeBytes(signature);
  if (header === undefined || claims === undefined || signatureBytes === undefined) return undefined;
  return { header, claims, signingInput: token.slice(0, head.length + 1 + body.length), signature: signatureBytes };
}

/** Whether `key` has signed the token with the algorithm that belongs to it; the token's own word on the algorithm must agree. */
export function verifyJwt(jwt: DecodedJwt, { algorithm, key }: VerificationKey): boolean {
  if (jwt.header["alg"] !== algorithm || jwt.header["crit"] !== undefined) return false;
  return verify(hashes[algorithm], Buffer.from(jwt.signingInput), { key, dsaEncoding: "ieee-p1363" }, jwt.signature);
}

function decodeBytes(text: string): Buffer | undefined {
  return /^[A-Za-z0-9_-]*$/.test(text) && text.length % 4 !== 1 ? Buffer.from(text, "base64url") : undefined;
}

function decodeObject(text: string): Record<string, unknown> | undefined {
  const bytes = decodeBytes(text);
  if (bytes === undefined) return undefined;
  try {
    const value: unknown = JSON.parse(bytes.toString("utf8"));
    return typeof value === "object" && value !== null && !Array.isArray(value)
      ? (value as Record<string, unknown>)
      : undefined;
  } catch {
    return undefined;
  }
}
