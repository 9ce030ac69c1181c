import type { MatchResources, ParamKind, ParamRef } from "../../../api/generated/types/admissionregistration-v1.ts";
import type { ApiObject } from "../../../apimachinery/resource/object.ts";
import type { ResourceDefinition } from "../../../apimachinery/resource/resource.ts";
import type { ObjectReader } from "../../registry/access.ts";
import { type Constraints, constraintsOf } from "./match.ts";

type Policy = ApiObject & {
  readonly spec: {
    readonly failurePolicy: string;
    readonly matchConstraints?: MatchResources;
    readonly paramKind?: ParamKind;
  };
};
type Binding = ApiObject & {
  readonly spec: {
    readonly policyName?: string;
    readonly paramRef?: ParamRef;
    readonly matchResources?: MatchResources;
  };
};

export interface BoundPolicy<P, B, C> {
  readonly policy: P;
  readonly name: string;
  readonly constraints: Constraints | undefined;
  /** Its expressions, made when first needed. */
  readonly compiled: () => C;
  readonly bindings: readonly {
    readonly binding: B;
    readonly name: string;
    readonly constraints: Constraints | undefined;
  }[];
}

/**
 * Policies that are bound, with their bindings, both by name. Read from the cache anew after a change, compiled once a
 * policy's change; while no policy is bound, asking costs nothing.
 */
export class PolicySource<P extends Policy, B extends Binding, C> {
  readonly #reader: ObjectReader;
  readonly #policies: ResourceDefinition<P>;
  readonly #bindings: ResourceDefinition<B>;
  readonly #compile: (policy: P) => C;
  readonly #compiled = new Map<string, { readonly version: string | undefined; readonly get: () => C }>();
  #bound: readonly BoundPolicy<P, B, C>[] | undefined;

  constructor(
    reader: ObjectReader,
    definitions: { readonly policies: ResourceDefinition<P>; readonly bindings: ResourceDefinition<B> },
    compile: (policy: P) => C,
  ) {
    this.#reader = reader;
    this.#policies = definitions.policies;
    this.#bindings = definitions.bindings;
    this.#compile = compile;
    reader.onChange(definitions.policies, ({ type, object }) => {
      this.#bound = undefined;
      if (type === "DELETED") this.#compiled.delete(object.metadata.name ?? "");
    });
    reader.onChange(definitions.bindings, () => {
      this.#bound = undefined;
    });
  }

  get bound(): readonly BoundPolicy<P, B, C>[] {
    this.#bound ??= this.#read();
    return this.#bound;
  }

  #read(): readonly BoundPolicy<P, B, C>[] {
    const byPolicy = new Map<string, B[]>();
    for (const binding of this.#reader.list(this.#bindings)) {
      const name = binding.spec.policyName ?? "";
      byPolicy.set(name, [...(byPolicy.get(name) ?? []), binding]);
    }
    const bound: BoundPolicy<P, B, C>[] = [];
    for (const policy of this.#reader.list(this.#policies)) {
      const { name = "", resourceVersion } = policy.metadata;
      const bindings = byPolicy.get(name);
      if (bindings === undefined) continue;
      const { matchConstraints } = policy.spec;
      bound.push({
        policy,
        name,
        constraints: matchConstraints === undefined ? undefined : constraintsOf(matchConstraints),
        compiled: this.#compiledOf(name, resourceVersion, policy),
        bindings: bindings.map((binding) => {
          const { matchResources } = binding.spec;
          const constraints = matchResources === undefined ? undefined : constraintsOf(matchResources);
          return { binding, name: binding.metadata.name ?? "", constraints };
        }),
      });
    }
    return bound;
  }

  #compiledOf(name: string, version: string | undefined, policy: P): () => C {
    const known = this.#compiled.get(name);
    if (known !== undefined && known.version === version) return known.get;
    let compiled: C | undefined;
    const get = (): C => (compiled ??= this.#compile(policy));
    this.#compiled.set(name, { version, get });
    return get;
  }
}
