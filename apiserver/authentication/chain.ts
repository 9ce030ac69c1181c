import { formatAggregate } from "../../apimachinery/field/errors.ts";
import type { UserInfo } from "../../apimachinery/resource/object.ts";
import { quoteList } from "../authorization/messages.ts";
import type { ApiRequest } from "../request.ts";
import type { Authenticated, Authenticator, TokenAuthenticator } from "./authenticator.ts";
import { anonymousUser, groupAuthenticated, groupUnauthenticated } from "./names.ts";

/** Several failures at once: nobody recognized the credential, and at least one found it bad. */
function failure(errors: readonly unknown[]): Error {
  return new Error(formatAggregate(errors.map((error) => (error instanceof Error ? error.message : String(error)))), {
    cause: errors.length === 1 ? errors[0] : new AggregateError(errors),
  });
}

/** Asks each in order until one recognizes it. Stays synchronous as long as all that are asked do. */
function firstOf<T>(
  ask: readonly T[],
  one: (from: T) => Promise<Authenticated | undefined> | Authenticated | undefined,
) {
  const errors: unknown[] = [];
  const next = (start: number): Promise<Authenticated | undefined> | Authenticated | undefined => {
    for (let i = start; i < ask.length; i++) {
      try {
        const answer = one(ask[i]!);
        if (answer instanceof Promise) {
          return answer
            .catch((error: unknown) => {
              errors.push(error);
              return undefined;
            })
            .then((found) => found ?? next(i + 1));
        }
        if (answer !== undefined) return answer;
      } catch (error) {
        errors.push(error);
      }
    }
    if (errors.length > 0) throw failure(errors);
    return undefined;
  };
  return next(0);
}

/** Several kinds of tokens as one. */
export function unionTokens(...authenticators: readonly TokenAuthenticator[]): TokenAuthenticator {
  return {
    name: "tokens",
    authenticateToken: (token, audiences, until) =>
      firstOf(authenticators, (one) => one.authenticateToken(token, audiences, until)),
  };
}

export interface AuthenticationOptions {
  /** In order; upstream's is: front proxy, client certificates, bearer tokens, WebSocket bearer tokens. */
  readonly authenticators: readonly Authenticator[];
  /** Requests without any credential are `system:anonymous`; a list limits that to these paths. */
  readonly anonymous: boolean | readonly string[];
  /** The server's own audiences. */
  readonly audiences: readonly string[];
}

/**
 * Says who asks. A caller in this process who was vouched for comes first. A bad credential is never anonymous: it throws,
 * and the answer is `Unauthorized`; so it is where nobody recognizes the request (undefined).
 */
export class RequestAuthentication implements Authenticator {
  readonly name = "request";
  readonly #options: AuthenticationOptions;
  readonly #anonymous: Authenticated;

  constructor(options: AuthenticationOptions) {
    this.#options = options;
    this.#anonymous = { user: { username: anonymousUser, groups: [groupUnauthenticated] } };
  }

  authenticate(request: ApiRequest): Promise<Authenticated | undefined> | Authenticated | undefined {
    if (request.trustedUser !== undefined) return { user: request.trustedUser };
    const found = firstOf(this.#options.authenticators, (one) => one.authenticate(request));
    return found instanceof Promise
      ? found.then((answer) => this.#finish(request, answer))
      : this.#finish(request, found);
  }

  #finish(request: ApiRequest, found: Authenticated | undefined): Authenticated | undefined {
    if (found === undefined) return this.#allowsAnonymous(request.path) ? this.#anonymous : undefined;
    const { audiences } = this.#options;
    if (
      audiences.length > 0 &&
      found.audiences !== undefined &&
      !found.audiences.some((one) => audiences.includes(one))
    ) {
      throw new Error(
        `unable to match the audience: ${quoteList(found.audiences)} , accepted: ${quoteList(audiences)}`,
      );
    }
    for (const text of found.warnings ?? []) request.warnings.add(text);
    if (found.auditAnnotations !== undefined) {
      for (const [key, value] of Object.entries(found.auditAnnotations)) request.auditAnnotations.set(key, value);
    }
    return { ...found, user: withAuthenticatedGroup(found.user) };
  }

  #allowsAnonymous(path: string): boolean {
    const { anonymous } = this.#options;
    return typeof anonymous === "boolean" ? anonymous : anonymous.includes(path);
  }
}

/** Users are remembered by their credential: the same object in, the same object out. */
const completed = new WeakMap<UserInfo, UserInfo>();

/** The user as a member of system:authenticated, which all recognized users are. */
export function withAuthenticatedGroup(user: UserInfo): UserInfo {
  if (user.username === anonymousUser) return user;
  if (user.groups.includes(groupAuthenticated) || user.groups.includes(groupUnauthenticated)) return user;
  let complete = completed.get(user);
  if (complete === undefined) {
    complete = { ...user, groups: [...user.groups, groupAuthenticated] };
    completed.set(user, complete);
  }
  return complete;
}
