import type { Secret } from "../../api/generated/types/core-v1.ts";
import type { ResourceDefinition } from "../../apimachinery/resource/resource.ts";
import type { Clock } from "../../base/clock.ts";
import type { ObjectReader } from "../registry/access.ts";
import type { Authenticated, TokenAuthenticator } from "./authenticator.ts";
import { sameSecret } from "./same-secret.ts";

const namespace = "kube-system";
const secretType = "bootstrap.kubernetes.io/token";
const bootstrappers = "system:bootstrappers";
const tokenPattern = /^([a-z0-9]{6})\.([a-z0-9]{16})$/;
const groupPattern = /^system:bootstrappers:[a-z0-9:-]{0,255}[a-z0-9]$/;

/**
 * Users by bootstrap token, `ID.SECRET`: machines that join a cluster (plugin/pkg/auth/authenticator/token/bootstrap).
 * Whatever is wrong with the token's secret, the token is merely not recognized.
 */
export class BootstrapTokenAuthenticator implements TokenAuthenticator {
  readonly name = "bootstrap-token";
  readonly #reader: ObjectReader;
  readonly #secrets: ResourceDefinition<Secret>;
  readonly #clock: Clock;

  constructor(reader: ObjectReader, secrets: ResourceDefinition<Secret>, clock: Clock) {
    this.#reader = reader;
    this.#secrets = secrets;
    this.#clock = clock;
  }

  authenticateToken(token: string): Authenticated | undefined {
    const [, id, secretPart] = tokenPattern.exec(token) ?? [];
    if (id === undefined || secretPart === undefined) return undefined;
    const secret = this.#reader.get(this.#secrets, namespace, `bootstrap-token-${id}`);
    return secret === undefined ? undefined : bootstrapUser(secret, id, secretPart, this.#clock.now());
  }
}

/** The user a token stands for, by its secret; undefined where the secret does not say so. `now` in milliseconds. */
export function bootstrapUser(secret: Secret, id: string, secretPart: string, now: number): Authenticated | undefined {
  const data = (key: string) => Buffer.from(secret.data?.[key] ?? "", "base64");
  if (secret.metadata.deletionTimestamp !== undefined || secret.type !== secretType) return undefined;
  if (!sameSecret(data("token-secret"), Buffer.from(secretPart))) return undefined;
  if (data("token-id").toString() !== id || hasExpired(data("expiration").toString(), now)) return undefined;
  if (data("usage-bootstrap-authentication").toString() !== "true") return undefined;
  const groups = groupsOf(data("auth-extra-groups").toString());
  return groups === undefined ? undefined : { user: { username: `system:bootstrap:${id}`, groups } };
}

/** A time that cannot be read counts as past. */
function hasExpired(expiration: string, now: number): boolean {
  if (expiration === "") return false;
  const at = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d/.test(expiration) ? Date.parse(expiration) : Number.NaN;
  return !(now < at);
}

function groupsOf(extra: string): readonly string[] | undefined {
  if (extra === "") return [bootstrappers];
  const groups = new Set([bootstrappers]);
  for (const group of extra.split(",")) {
    if (!groupPattern.test(group)) return undefined;
    groups.add(group);
  }
  return [...groups].sort();
}
