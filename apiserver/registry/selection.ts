import { ApiError } from "../../apimachinery/errors/api-error.ts";
import type { ApiObject } from "../../apimachinery/resource/object.ts";
import type { ResourceDefinition } from "../../apimachinery/resource/resource.ts";
import { parseFieldSelector } from "../../apimachinery/selectors/field-selector.ts";
import { parseLabelSelector } from "../../apimachinery/selectors/label-selector.ts";

/** Which objects of a resource a list or watch wants. */
export interface Selection {
  /** True where every object matches: lists are plain copies then. */
  readonly everything: boolean;
  /** Where only objects of one name can match. */
  readonly name?: string | undefined;
  matches(object: ApiObject): boolean;
}

const everything: Selection = { everything: true, matches: () => true };

/** Throws BadRequest on selectors that cannot be parsed or that the resource does not support. */
export function selectionOf(definition: ResourceDefinition, labelSelector: string, fieldSelector: string): Selection {
  if (labelSelector === "" && fieldSelector === "") {
    return everything;
  }
  const labels = parsed(() => parseLabelSelector(labelSelector));
  const fields = parsed(() => parseFieldSelector(fieldSelector));
  const tests = fields.requirements.map(({ field, operator, value }) => {
    const read = fieldOf(definition, field);
    return operator === "!="
      ? (object: ApiObject) => read(object) !== value
      : (object: ApiObject) => read(object) === value;
  });
  const matchesLabels = (object: ApiObject): boolean => labels.matches(object.metadata.labels ?? noLabels);
  const named = fields.requirements.find(({ field, operator }) => field === "metadata.name" && operator !== "!=");
  return { everything: false, name: named?.value, matches: all(labels.empty ? tests : [matchesLabels, ...tests]) };
}

/** Whether the object of this key may be among those that are selected; for one that cannot be asked. */
export function mayMatch({ name }: Selection, key: string): boolean {
  return name === undefined || key.endsWith(`/${name}`);
}

const noLabels = {};

/** All tests as one; most selectors are a single requirement, asked of each of thousands of objects. */
function all(tests: readonly ((object: ApiObject) => boolean)[]): (object: ApiObject) => boolean {
  const [only] = tests;
  return only !== undefined && tests.length === 1 ? only : (object) => tests.every((test) => test(object));
}

function fieldOf(definition: ResourceDefinition, field: string): (object: ApiObject) => string {
  if (field === "metadata.name") {
    return (object) => object.metadata.name ?? "";
  }
  const known = Object.keys(definition.fieldSelectors).length > 0;
  // What lives in no namespace and has selectors of its own has none for one (the kinds' AddFieldLabelConversionFunc).
  if (field === "metadata.namespace" && (definition.scope === "Namespaced" || !known)) {
    return (object) => object.metadata.namespace ?? "";
  }
  const read = Object.hasOwn(definition.fieldSelectors, field) ? definition.fieldSelectors[field] : undefined;
  if (read === undefined) {
    throw ApiError.badRequest(
      known
        ? `field label not supported: ${field}`
        : `${JSON.stringify(field)} is not a known field selector: only "metadata.name", "metadata.namespace"`,
    );
  }
  return read;
}

function parsed<T>(parse: () => T): T {
  try {
    return parse();
  } catch (error) {
    throw ApiError.badRequest(error instanceof Error ? error.message : String(error));
  }
}
