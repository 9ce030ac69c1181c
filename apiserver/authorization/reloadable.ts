import type { UserInfo } from "../../apimachinery/resource/object.ts";
import type { Until } from "../request-end.ts";
import type { AuthorizationAttributes, Authorizer } from "./authorizer.ts";
import { superuserAuthorizer, unionAuthorizer } from "./union.ts";

/** One that is part of the server, by its name, or another. */
export type AuthorizationMode = BuiltInMode | Authorizer;
export type BuiltInMode = "Node" | "RBAC" | "AlwaysAllow" | "AlwaysDeny";

/** Members of system:masters may; all others as the modes say, which may become others while the server runs. */
export class ReloadableAuthorizer implements Authorizer {
  readonly name = "union";
  readonly #make: Readonly<Record<BuiltInMode, () => Authorizer>>;
  readonly #builtIn = new Map<BuiltInMode, Authorizer>();
  #current: Authorizer;

  constructor(modes: readonly AuthorizationMode[], make: Readonly<Record<BuiltInMode, () => Authorizer>>) {
    this.#make = make;
    this.#current = this.#unionOf(modes);
  }

  authorize(attributes: AuthorizationAttributes, until?: Until) {
    return this.#current.authorize(attributes, until);
  }

  rulesFor(user: UserInfo, namespace: string) {
    return this.#current.rulesFor!(user, namespace);
  }

  /** Decides by other modes from the next request on. */
  set(modes: readonly AuthorizationMode[]): void {
    this.#current = this.#unionOf(modes);
  }

  #unionOf(modes: readonly AuthorizationMode[]): Authorizer {
    const authorizers = modes.map((mode) => (typeof mode === "string" ? this.#named(mode) : mode));
    return unionAuthorizer(superuserAuthorizer, ...authorizers);
  }

  /** The same one whenever it is asked for: it follows objects. */
  #named(mode: BuiltInMode): Authorizer {
    const known = this.#builtIn.get(mode) ?? this.#make[mode]();
    this.#builtIn.set(mode, known);
    return known;
  }
}
