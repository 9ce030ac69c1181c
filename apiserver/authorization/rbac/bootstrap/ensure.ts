import { type ApiError, isAlreadyExists, isConflict, isNotFound } from "../../../../apimachinery/errors/api-error.ts";
import type { ApiObject } from "../../../../apimachinery/resource/object.ts";
import type { ResourceDefinition } from "../../../../apimachinery/resource/resource.ts";
import type { ObjectReader, ObjectWriter } from "../../../registry/access.ts";
import type { AnyBinding, AnyRole, Manifest, RbacDefinitions } from "../types.ts";
import { type BindingManifest, type BootstrapPolicy, bootstrapPolicy, type RoleManifest } from "./policy.ts";
import { type Reconciliation, reconcileBinding, reconcileRole } from "./reconcile.ts";

export interface EnsureResult {
  readonly written: number;
  /** `ClusterRole admin`: differs, but has opted out of reconciliation. */
  readonly protected: readonly string[];
  /** Objects that could not be written; trying all of it again is safe. */
  readonly failures: readonly { readonly object: string; readonly error: unknown }[];
}

interface Step {
  readonly name: string;
  /** Looks again at each call, so that a step can be tried anew after a conflict. */
  readonly plan: () => Reconciliation<ApiObject>;
  readonly apply: (reconciliation: Reconciliation<ApiObject>) => Promise<void>;
}

/** How often one object is tried when somebody else writes it at the same time. */
const attempts = 4;

/**
 * Makes the default roles and bindings exist, as the server starts: creates what is missing, adds what is lacking, leaves
 * the rest alone. Writes run side by side; where everything is in place, nothing is written.
 */
export async function ensureBootstrapPolicy(
  reader: ObjectReader,
  writer: ObjectWriter,
  definitions: RbacDefinitions,
  policy: BootstrapPolicy = bootstrapPolicy(),
): Promise<EnsureResult> {
  const roleSteps = <T extends AnyRole>(definition: ResourceDefinition<T>, manifests: readonly RoleManifest[]) =>
    manifests.map((manifest) =>
      step(reader, writer, definition, manifest, (existing) => reconcileRole(manifest, existing) as Reconciliation<T>),
    );
  const bindingSteps = <T extends AnyBinding>(
    definition: ResourceDefinition<T>,
    manifests: readonly BindingManifest[],
  ) =>
    manifests.map((manifest) =>
      step(
        reader,
        writer,
        definition,
        manifest,
        (existing) => reconcileBinding(manifest, existing) as Reconciliation<T>,
      ),
    );
  const result = { written: 0, protected: [] as string[], failures: [] as { object: string; error: unknown }[] };
  await runAll(
    [
      ...roleSteps(definitions.clusterRole, policy.clusterRoles),
      ...bindingSteps(definitions.clusterRoleBinding, policy.clusterRoleBindings),
      ...roleSteps(definitions.role, policy.roles),
      ...bindingSteps(definitions.roleBinding, policy.roleBindings),
    ],
    result,
  );
  return result;
}

function step<T extends ApiObject>(
  reader: ObjectReader,
  writer: ObjectWriter,
  definition: ResourceDefinition<T>,
  manifest: Manifest,
  decide: (existing: T | undefined) => Reconciliation<T>,
): Step {
  const { name, namespace = "" } = manifest.metadata;
  return {
    name: `${manifest.kind} ${namespace === "" ? name : `${namespace}/${name}`}`,
    plan: () => decide(reader.get(definition, namespace, name)),
    apply: async (reconciliation) => {
      if (reconciliation.operation === "update") await writer.update(definition, reconciliation.object);
      else if (reconciliation.operation === "create") await writer.create(definition, reconciliation.object);
      else if (reconciliation.operation === "recreate") {
        await writer.delete(definition, namespace, name).catch(ignoreNotFound);
        await writer.create(definition, reconciliation.object);
      }
    },
  };
}

async function runAll(
  steps: readonly Step[],
  result: { written: number; protected: string[]; failures: { object: string; error: unknown }[] },
): Promise<void> {
  await Promise.all(
    steps.map(async (one) => {
      for (let attempt = 1; ; attempt++) {
        const reconciliation = one.plan();
        if (reconciliation.operation === "none") return;
        if (reconciliation.operation === "protected") {
          result.protected.push(one.name);
          return;
        }
        try {
          await one.apply(reconciliation);
          result.written++;
          return;
        } catch (error) {
          const raced = isConflict(error) || isAlreadyExists(error) || isNotFound(error);
          if (!raced || attempt === attempts) {
            result.failures.push({ object: one.name, error: error as ApiError });
            return;
          }
        }
      }
    }),
  );
}

function ignoreNotFound(error: unknown): void {
  if (!isNotFound(error)) throw error;
}
