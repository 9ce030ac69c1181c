import type { UserInfo } from "../../apimachinery/resource/object.ts";
import type { MetricsRegistry } from "../../base/metrics.ts";
import type { Until } from "../request-end.ts";
import { countedAuthorizer } from "./authorization-metrics.ts";
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
  readonly #metrics: MetricsRegistry | undefined;
  #current: Authorizer;

  constructor(
    modes: readonly AuthorizationMode[],
    make: Readonly<Record<BuiltInMode, () => Authorizer>>,
    metrics?: MetricsRegistry,
  ) {
    this.#make = make;
    this.#metrics = metrics;
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
    const authorizers = modes.map((mode) => this.#counted(mode));
    return unionAuthorizer(superuserAuthorizer, ...authorizers);
  }

  #counted(mode: AuthorizationMode): Authorizer {
    const isNamed = typeof mode === "string";
    const authorizer = isNamed ? this.#named(mode) : mode;
    const measuredAs = isNamed ? ([mode, mode.toLowerCase()] as const) : mode.measuredAs;
    return this.#metrics === undefined || measuredAs === undefined
      ? authorizer
      : countedAuthorizer(this.#metrics, measuredAs, authorizer);
  }

  /** The same one whenever it is asked for: it follows objects. */
  #named(mode: BuiltInMode): Authorizer {
    const known = this.#builtIn.get(mode) ?? this.#make[mode]();
    this.#builtIn.set(mode, known);
    return known;
  }
}
