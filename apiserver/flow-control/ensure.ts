import {
  autoUpdateAnnotation,
  type BootstrapFlowSchema,
  type BootstrapPriorityLevel,
  mandatoryFlowSchemas,
  mandatoryPriorityLevels,
  suggestedFlowSchemas,
  suggestedPriorityLevels,
} from "../../api/flowcontrol/v1/bootstrap.ts";
import { FlowSchema } from "../../api/flowcontrol/v1/flow-schema.ts";
import { PriorityLevelConfiguration } from "../../api/flowcontrol/v1/priority-level-configuration.ts";
import { isAlreadyExists, isConflict, isNotFound } from "../../apimachinery/errors/api-error.ts";
import { equalJson } from "../../apimachinery/json/equal.ts";
import type { ApiObject } from "../../apimachinery/resource/object.ts";
import type { ResourceDefinition } from "../../apimachinery/resource/resource.ts";
import type { ObjectReader, ObjectWriter } from "../registry/access.ts";

// Keeps the objects that come with the server (pkg/registry/flowcontrol/ensurer, rest/storage_flowcontrol.go).

type Store = ObjectReader & ObjectWriter;
type Bootstrap = BootstrapFlowSchema | BootstrapPriorityLevel;
type Revised = ApiObject & { readonly spec: object };

/** Creates what is missing, brings specs up to date where nobody has claimed them, removes what the server no longer has. */
export async function ensureFlowControlObjects(store: Store): Promise<void> {
  await Promise.all([
    ...ensureAll(store, PriorityLevelConfiguration, suggestedPriorityLevels, false),
    ...ensureAll(store, FlowSchema, suggestedFlowSchemas, false),
    ...ensureAll(store, PriorityLevelConfiguration, mandatoryPriorityLevels, true),
    ...ensureAll(store, FlowSchema, mandatoryFlowSchemas, true),
    ...removeUnwanted(store, FlowSchema, [...mandatoryFlowSchemas, ...suggestedFlowSchemas]),
    ...removeUnwanted(store, PriorityLevelConfiguration, [...mandatoryPriorityLevels, ...suggestedPriorityLevels]),
  ]);
}

function ensureAll<T extends Revised>(
  store: Store,
  definition: ResourceDefinition<T>,
  objects: readonly Bootstrap[],
  mandatory: boolean,
): readonly Promise<void>[] {
  return objects.map(async (wanted) => {
    const current = store.get(definition, "", wanted.metadata.name);
    try {
      if (current === undefined) await store.create(definition, wanted);
      else {
        const revised = revise(current, wanted, mandatory);
        if (revised !== undefined) await store.update(definition, revised);
      }
    } catch (error) {
      // Another server was faster: what it left is looked at the next time.
      if (!isAlreadyExists(error) && !isConflict(error)) throw error;
    }
  });
}

/** The object as it should be, or undefined where it is. Pure (strategy.ReviseIfNeeded). */
export function revise<T extends Revised>(current: T, wanted: Bootstrap, mandatory: boolean): T | undefined {
  const updates = mandatory || updatesSpec(current);
  const annotationDiffers = booleanOf(current.metadata.annotations?.[autoUpdateAnnotation]) !== updates;
  const specDiffers = updates && !equalJson(current.spec, wanted.spec);
  if (!annotationDiffers && !specDiffers) return undefined;
  const annotations = { ...current.metadata.annotations, [autoUpdateAnnotation]: String(updates) };
  const metadata = annotationDiffers ? { ...current.metadata, annotations } : current.metadata;
  return { ...current, metadata, spec: specDiffers ? wanted.spec : current.spec };
}

/** Where the annotation does not say, a spec that was never changed is the server's. */
function updatesSpec({ metadata }: ApiObject): boolean {
  return booleanOf(metadata.annotations?.[autoUpdateAnnotation]) ?? metadata.generation === 1;
}

const trues: ReadonlySet<string> = new Set(["1", "t", "T", "true", "TRUE", "True"]);
const falses: ReadonlySet<string> = new Set(["0", "f", "F", "false", "FALSE", "False"]);

/** Go's strconv.ParseBool. */
function booleanOf(text = ""): boolean | undefined {
  return trues.has(text) ? true : falses.has(text) ? false : undefined;
}

function removeUnwanted<T extends ApiObject>(
  store: Store,
  definition: ResourceDefinition<T>,
  objects: readonly Bootstrap[],
): readonly Promise<void>[] {
  const wanted = new Set(objects.map(({ metadata }) => metadata.name));
  const unwanted = [...store.list(definition)].filter(({ metadata }) => {
    return !wanted.has(metadata.name ?? "") && booleanOf(metadata.annotations?.[autoUpdateAnnotation]) === true;
  });
  return unwanted.map(async ({ metadata }) => {
    try {
      await store.delete(definition, "", metadata.name ?? "");
    } catch (error) {
      if (!isNotFound(error)) throw error;
    }
  });
}
