/** One rule of `x-kubernetes-validations`. */
export interface ValidationRule {
  readonly rule: string;
  readonly message?: string;
  readonly messageExpression?: string;
  readonly reason?: string;
  readonly fieldPath?: string;
  readonly optionalOldSelf?: boolean;
}

/**
 * apiextensions.k8s.io/v1 JSONSchemaProps as JSON has it: the schema of a custom resource. Decoding of API objects has
 * checked its types.
 */
export interface Props {
  readonly id?: string;
  readonly $ref?: string;
  readonly $schema?: string;
  readonly description?: string;
  readonly type?: string;
  readonly format?: string;
  readonly title?: string;
  readonly default?: unknown;
  readonly example?: unknown;
  readonly externalDocs?: { readonly description?: string; readonly url?: string };
  readonly maximum?: number;
  readonly exclusiveMaximum?: boolean;
  readonly minimum?: number;
  readonly exclusiveMinimum?: boolean;
  readonly maxLength?: number;
  readonly minLength?: number;
  readonly pattern?: string;
  readonly maxItems?: number;
  readonly minItems?: number;
  readonly uniqueItems?: boolean;
  readonly multipleOf?: number;
  readonly enum?: readonly unknown[];
  readonly maxProperties?: number;
  readonly minProperties?: number;
  readonly required?: readonly string[];
  readonly items?: Props | readonly Props[];
  readonly allOf?: readonly Props[];
  readonly oneOf?: readonly Props[];
  readonly anyOf?: readonly Props[];
  readonly not?: Props;
  readonly properties?: Readonly<Record<string, Props>>;
  readonly additionalProperties?: Props | boolean;
  readonly patternProperties?: Readonly<Record<string, Props>>;
  readonly dependencies?: Readonly<Record<string, Props | readonly string[]>>;
  readonly additionalItems?: Props | boolean;
  readonly definitions?: Readonly<Record<string, Props>>;
  readonly nullable?: boolean;
  readonly "x-kubernetes-embedded-resource"?: boolean;
  readonly "x-kubernetes-int-or-string"?: boolean;
  readonly "x-kubernetes-list-map-keys"?: readonly string[];
  readonly "x-kubernetes-list-type"?: string;
  readonly "x-kubernetes-map-type"?: string;
  readonly "x-kubernetes-preserve-unknown-fields"?: boolean;
  readonly "x-kubernetes-validations"?: readonly ValidationRule[];
}

/** The schema of a list's items; undefined where there is none, or one for each position (which is not structural). */
export function itemsOf(props: Props): Props | undefined {
  return props.items === undefined || Array.isArray(props.items) ? undefined : (props.items as Props);
}

/** The schemas of a list's positions, null as one that says nothing: never part of a structural schema. */
export function positionalItemsOf(props: Props): readonly Props[] {
  return Array.isArray(props.items) ? (props.items as readonly (Props | null)[]).map((one) => one ?? {}) : [];
}

/** The schema of a map's values; undefined where there is none or just a yes or no. */
export function valuesOf(props: Props): Props | undefined {
  return typeof props.additionalProperties === "object" ? props.additionalProperties : undefined;
}

/** The schema of a property by its own name; `constructor` and its like are no properties unless the schema says so. */
export function propertyOf(props: Props, name: string): Props | undefined {
  const { properties } = props;
  return properties !== undefined && Object.hasOwn(properties, name) ? properties[name] : undefined;
}

/** The schema itself and all schemas within it, at any depth; ends at the first for which `test` holds. */
export function someSchema(props: Props | undefined, test: (props: Props) => boolean): boolean {
  if (props === undefined) return false;
  if (test(props)) return true;
  for (const inner of innerSchemas(props)) if (someSchema(inner, test)) return true;
  return false;
}

function* innerSchemas(props: Props): Generator<Props> {
  const items = itemsOf(props);
  if (items !== undefined) yield items;
  yield* positionalItemsOf(props);
  yield* props.allOf ?? [];
  yield* props.anyOf ?? [];
  yield* props.oneOf ?? [];
  if (props.not !== undefined) yield props.not;
  yield* Object.values(props.properties ?? {});
  const values = valuesOf(props);
  if (values !== undefined) yield values;
  yield* Object.values(props.patternProperties ?? {});
  if (typeof props.additionalItems === "object") yield props.additionalItems;
  yield* Object.values(props.definitions ?? {});
  for (const dependency of Object.values(props.dependencies ?? {})) {
    if (dependency !== null && !Array.isArray(dependency)) yield dependency as Props;
  }
}

/** The three fields that every API object has and no schema needs to name. */
export const metaFields: ReadonlySet<string> = new Set(["apiVersion", "kind", "metadata"]);

/** The schema of a whole object, which is a resource whether it says so or not. */
export function asResource(props: Props): Props {
  return props["x-kubernetes-embedded-resource"] === true
    ? props
    : { ...props, "x-kubernetes-embedded-resource": true };
}
