import type { CustomResourceDefinition } from "../../api/apiextensions/v1/customresourcedefinition.ts";
import type { CustomResourceSubresourceScale } from "../../api/generated/types/apiextensions-v1.ts";
import type { FieldError } from "../../apimachinery/field/error.ts";
import { invalid } from "../../apimachinery/field/errors.ts";
import { isJsonObject, type JsonObject } from "../../apimachinery/json/json.ts";
import { failure } from "../../apimachinery/patch/errors.ts";
import type { ApiObject } from "../../apimachinery/resource/object.ts";
import type { ScaleSubresource } from "../../apimachinery/resource/resource.ts";
import { goJson } from "../../apimachinery/text/go-json.ts";

// Rules: apiextensions-apiserver/pkg/registry/customresource/{etcd,validator}.go.

const stepsOf = (path: string): readonly string[] => path.replace(/^\./, "").split(".");

type Found = { readonly value: unknown } | { readonly misfit: string };

/** What is at a path, undefined for nothing; or why it cannot be (unstructured.NestedInt64 and NestedString). */
function nested(object: unknown, path: string, wanted: "int64" | "string"): Found {
  const steps = stepsOf(path);
  let value: unknown = object;
  for (const [i, name] of steps.entries()) {
    if (value === null || value === undefined) return { value: undefined };
    if (!isJsonObject(value as JsonObject)) {
      return { misfit: misfit(steps.slice(0, i), value, "map[string]interface {}") };
    }
    value = (value as JsonObject)[name];
  }
  if (value === undefined) return { value };
  const fits = wanted === "string" ? typeof value === "string" : Number.isInteger(value) || typeof value === "bigint";
  return fits ? { value } : { misfit: misfit(steps, value, wanted) };
}

function misfit(steps: readonly string[], value: unknown, wanted: string): string {
  const goType = Array.isArray(value)
    ? "[]interface {}"
    : value === null
      ? "<nil>"
      : ({ string: "string", number: "float64", boolean: "bool" }[typeof value as string] ?? "map[string]interface {}");
  const shown = typeof value === "string" ? value : goJson(value);
  return `.${steps.join(".")} accessor error: ${shown} is of the type ${goType}, expected ${wanted}`;
}

function read(object: unknown, path: string, wanted: "int64" | "string"): unknown {
  const found = nested(object, path, wanted);
  if ("misfit" in found) throw failure(found.misfit);
  return found.value;
}

/** Where a version of a custom resource keeps what its scale shows. */
export function customScale(
  { spec: { group, versions } }: CustomResourceDefinition,
  { specReplicasPath, statusReplicasPath, labelSelectorPath }: CustomResourceSubresourceScale,
): ScaleSubresource<ApiObject> {
  const count = (object: ApiObject, path: string): number | undefined => {
    const value = read(object, path, "int64");
    return value === undefined ? undefined : Number(value) | 0;
  };
  return {
    specReplicas: (object) => count(object, specReplicasPath),
    statusReplicas: (object) => count(object, statusReplicasPath) ?? 0,
    selector: (object) => String((labelSelectorPath && read(object, labelSelectorPath, "string")) || ""),
    setSpecReplicas(draft, replicas) {
      const steps = stepsOf(specReplicasPath);
      let parent = draft as unknown as JsonObject;
      for (const name of steps.slice(0, -1)) {
        if (!isJsonObject(parent[name])) parent[name] = {};
        parent = parent[name] as JsonObject;
      }
      parent[steps.at(-1)!] = replicas;
    },
    replicasPaths: new Map(
      versions.map(({ name, subresources }) => {
        const path = subresources?.scale?.specReplicasPath;
        return [`${group}/${name}`, path === undefined ? undefined : stepsOf(path)];
      }),
    ),
    optionalPath: specReplicasPath,
  };
}

/** Replicas must be counts, selectors text. */
export function* scaleErrors(
  object: object,
  { specReplicasPath, statusReplicasPath, labelSelectorPath }: CustomResourceSubresourceScale,
  parts: { readonly spec: boolean },
): Generator<FieldError> {
  if (parts.spec) yield* countErrors(object, specReplicasPath);
  yield* countErrors(object, statusReplicasPath);
  if (!labelSelectorPath) return;
  const selector = nested(object, labelSelectorPath, "string");
  if ("misfit" in selector) yield invalid(labelSelectorPath, "", selector.misfit);
}

function* countErrors(object: object, path: string): Generator<FieldError> {
  const found = nested(object, path, "int64");
  if ("misfit" in found) {
    yield invalid(path, 0, found.misfit);
    return;
  }
  const { value } = found;
  if (value === undefined) return;
  if ((value as number) < 0) yield invalid(path, value, "should be a non-negative integer");
  else if ((value as number) > 2 ** 31 - 1) {
    yield invalid(path, value, "should be less than or equal to 2147483647");
  }
}
