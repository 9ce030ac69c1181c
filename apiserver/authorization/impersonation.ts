import { formatFieldErrors } from "../../apimachinery/field/errors.ts";
import { path } from "../../apimachinery/field/path.ts";
import type { UserInfo } from "../../apimachinery/resource/object.ts";
import { goQuote } from "../../apimachinery/text/go-quote.ts";
import { isDNS1123Subdomain } from "../../apimachinery/validation/dns.ts";
import { isDomainPrefixedPath } from "../../apimachinery/validation/domains.ts";
import * as names from "../authentication/names.ts";
import type { AuthorizationAttributes, Authorizer } from "./authorizer.ts";
import type { WantedUser } from "./impersonation-headers.ts";
import { forbidden, mustAllow } from "./must-allow.ts";

export interface Impersonated {
  readonly user: UserInfo;
  /** For the audit log: the verb of KEP-5284 that allowed it; absent where the old `impersonate` did. */
  readonly constraint?: string;
}

/** One way to be allowed: which users it is for, and under which verb the parts of the user are asked for. */
interface Mode {
  readonly name: string;
  readonly applies: (wanted: WantedUser, requestor: UserInfo) => boolean;
}

const onlyName = ({ uid, groups, extra }: WantedUser) => uid === "" && groups.length === 0 && extra.size === 0;

/** In upstream's order: the narrow ones first. */
const modes: readonly Mode[] = [
  {
    name: "associated-node",
    applies: (wanted, requestor) => onlyName(wanted) && isAssociatedNode(requestor, wanted.username),
  },
  { name: "arbitrary-node", applies: (wanted) => onlyName(wanted) && nodeOf(wanted.username) !== undefined },
  {
    name: "serviceaccount",
    applies: (wanted) => onlyName(wanted) && names.splitServiceAccountUsername(wanted.username) !== undefined,
  },
  {
    name: "user-info",
    applies: ({ username }) =>
      nodeOf(username) === undefined && names.splitServiceAccountUsername(username) === undefined,
  },
];

/** From this many groups or extras on, permission for all of them is asked for first. */
const many = 4;

/**
 * Decides whether the requestor may make this request as the wanted user (endpoints/filters/impersonation; KEP-5284 with
 * the original `impersonate` as the last resort). A refusal is the ApiError of the first way that could have applied.
 */
export async function impersonate(
  wanted: WantedUser,
  request: AuthorizationAttributes,
  authorizer: Authorizer,
): Promise<Impersonated> {
  let first: unknown;
  const ways = modes.filter((mode) => mode.applies(wanted, request.user));
  for (const mode of [...ways, undefined]) {
    try {
      return await (mode === undefined
        ? new Check(authorizer, request.user).run(wanted)
        : constrained(mode, wanted, request, authorizer));
    } catch (error) {
      first ??= error;
    }
  }
  throw first;
}

async function constrained(
  mode: Mode,
  wanted: WantedUser,
  request: AuthorizationAttributes,
  authorizer: Authorizer,
): Promise<Impersonated> {
  // Which node is meant has been settled by the mode itself: the permission is for whichever node the account runs on.
  const requestor = mode.name === "associated-node" ? withoutExtra(request.user) : request.user;
  await mustAllow(authorizer, { ...request, user: requestor, verb: `impersonate-on:${mode.name}:${request.verb}` });
  return new Check(authorizer, requestor, mode.name).run(wanted);
}

/** The questions about each part of the wanted user, under one mode's verb. */
class Check {
  readonly #authorizer: Authorizer;
  readonly #requestor: UserInfo;
  readonly #mode: string | undefined;

  constructor(authorizer: Authorizer, requestor: UserInfo, mode?: string) {
    this.#authorizer = authorizer;
    this.#requestor = requestor;
    this.#mode = mode;
  }

  async run(wanted: WantedUser): Promise<Impersonated> {
    const groups = await this.#username(wanted);
    if (wanted.uid !== "") await this.#ask("uids", { name: wanted.uid });
    await this.#groups(wanted.groups);
    await this.#extra(wanted.extra);
    const { username, uid, extra } = wanted;
    const user: UserInfo = {
      username,
      ...(uid === "" ? {} : { uid }),
      groups: withCommonGroup(username, groups),
      ...(extra.size === 0 ? {} : { extra: Object.fromEntries(extra) }),
    };
    return this.#mode === undefined ? { user } : { user, constraint: `impersonate:${this.#mode}` };
  }

  /** Asks for the name; returns the groups that the user will have. */
  async #username({ username, groups }: WantedUser): Promise<readonly string[]> {
    const account = names.splitServiceAccountUsername(username);
    if (account !== undefined) {
      await this.#ask("serviceaccounts", account);
      return groups.length > 0 ? groups : names.serviceAccountGroups(account.namespace);
    }
    const node = this.#mode === undefined ? undefined : nodeOf(username);
    if (node !== undefined) {
      await this.#ask("nodes", { name: this.#mode === "associated-node" ? "*" : node });
      return [names.groupNodes];
    }
    await this.#ask("users", { name: username });
    return groups;
  }

  async #groups(groups: readonly string[]): Promise<void> {
    if (this.#mode !== undefined) {
      if (groups.includes(""))
        throw forbidden(this.#attributes("groups"), "impersonating the empty string group is not allowed");
      if (groups.includes(names.groupMasters)) {
        throw forbidden(
          this.#attributes("groups", { name: names.groupMasters }),
          "impersonating the system:masters group is not allowed",
        );
      }
      if (groups.length >= many && (await this.#allowed(this.#attributes("groups", { name: "*" })))) return;
    }
    for (const name of groups) await this.#ask("groups", { name });
  }

  async #extra(extra: WantedUser["extra"]): Promise<void> {
    if (this.#mode !== undefined && extra.size > 0) {
      const problem = invalidExtra(extra);
      if (problem !== undefined) throw forbidden(this.#attributes("userextras"), problem);
      const count = [...extra.values()].reduce((sum, values) => sum + values.length, 0);
      if (count >= many && (await this.#allowed(this.#attributes("userextras", { subresource: "*", name: "*" }))))
        return;
    }
    for (const [subresource, values] of extra)
      for (const name of values) await this.#ask("userextras", { subresource, name });
  }

  #attributes(resource: string, change: Partial<AuthorizationAttributes> = {}): AuthorizationAttributes {
    const core = this.#mode === undefined && ["users", "groups", "serviceaccounts"].includes(resource);
    return {
      user: this.#requestor,
      verb: this.#mode === undefined ? "impersonate" : `impersonate:${this.#mode}`,
      isResourceRequest: true,
      namespace: "",
      group: core ? "" : "authentication.k8s.io",
      version: "v1",
      resource,
      subresource: "",
      name: "",
      path: "",
      ...change,
    };
  }

  async #allowed(attributes: AuthorizationAttributes): Promise<boolean> {
    return (await this.#authorizer.authorize(attributes)).decision === "allow";
  }

  #ask(resource: string, change: Partial<AuthorizationAttributes>): Promise<void> {
    return mustAllow(this.#authorizer, this.#attributes(resource, change));
  }
}

function withCommonGroup(username: string, groups: readonly string[]): readonly string[] {
  const wanted = username === names.anonymousUser ? names.groupUnauthenticated : names.groupAuthenticated;
  if (groups.includes(wanted) || groups.includes(names.groupUnauthenticated)) return groups;
  return [...groups, wanted];
}

function nodeOf(username: string): string | undefined {
  if (!username.startsWith(names.nodeUserPrefix)) return undefined;
  const name = username.slice(names.nodeUserPrefix.length);
  return isDNS1123Subdomain(name).length === 0 ? name : undefined;
}

function isAssociatedNode(requestor: UserInfo, username: string): boolean {
  const node = nodeOf(username);
  const own = requestor.extra?.[names.extraNodeName] ?? [];
  return (
    node !== undefined &&
    names.splitServiceAccountUsername(requestor.username) !== undefined &&
    own.length === 1 &&
    own[0] === node
  );
}

function withoutExtra(user: UserInfo): UserInfo {
  return {
    ...user,
    extra: { "authentication.kubernetes.io/associated-node-keys": Object.keys(user.extra ?? {}).sort() },
  };
}

/** Extra keys are `domain/path`, lower-case, with values; why they are not, else undefined. */
function invalidExtra(extra: WantedUser["extra"]): string | undefined {
  for (const [key, values] of extra) {
    if (key === "") return "impersonating the empty string key in extra is not allowed";
    const problems = isDomainPrefixedPath(path("extra", "key"), key);
    if (problems.length > 0)
      return `impersonating an invalid key in extra is not allowed: ${formatFieldErrors(problems)}`;
    if (key !== key.toLowerCase()) return `impersonating a non-lowercase key in extra is not allowed: ${goQuote(key)}`;
    if (values.includes("")) return "impersonating the empty string value in extra is not allowed";
  }
  return undefined;
}
