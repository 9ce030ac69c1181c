import type { CustomResourceSubresourceScale } from "../../api/generated/types/apiextensions-v1.ts";
import type { FieldError } from "../../apimachinery/field/error.ts";
import { invalid } from "../../apimachinery/field/errors.ts";
import { isJsonObject, type JsonObject } from "../../apimachinery/json/json.ts";
import type { ApiObject } from "../../apimachinery/resource/object.ts";
import type { ScaleSubresource } from "../../apimachinery/resource/resource.ts";
import { goJson } from "../../apimachinery/text/go-json.ts";

// Rules: apiextensions-apiserver/pkg/registry/customresource/{etcd,validator}.go.

const stepsOf = (path: string): readonly string[] => path.replace(/^\./, "").split(".");

function read(object: unknown, path: string): unknown {
  return stepsOf(path).reduce<unknown>((value, name) => (isJsonObject(value) ? value[name] : undefined), object);
}

const integer = (value: unknown): number => (Number.isInteger(value) ? (value as number) : 0);

/** Where a custom resource keeps what its scale shows. */
export function customScale(paths: CustomResourceSubresourceScale): ScaleSubresource<ApiObject> {
  const { specReplicasPath, statusReplicasPath, labelSelectorPath } = paths;
  return {
    specReplicas: (object) => integer(read(object, specReplicasPath)),
    statusReplicas: (object) => integer(read(object, statusReplicasPath)),
    selector: (object) => {
      const selector = labelSelectorPath ? read(object, labelSelectorPath) : "";
      return typeof selector === "string" ? selector : "";
    },
    setSpecReplicas(draft, replicas) {
      const steps = stepsOf(specReplicasPath);
      let parent = draft as unknown as JsonObject;
      for (const name of steps.slice(0, -1)) {
        if (!isJsonObject(parent[name])) parent[name] = {};
        parent = parent[name] as JsonObject;
      }
      parent[steps.at(-1)!] = replicas;
    },
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
  const selector = read(object, labelSelectorPath);
  if (selector !== undefined && typeof selector !== "string") {
    yield invalid(labelSelectorPath, "", misfit(labelSelectorPath, selector, "string"));
  }
}

function* countErrors(object: object, path: string): Generator<FieldError> {
  const value = read(object, path);
  if (value === undefined) return;
  if (!Number.isInteger(value) && typeof value !== "bigint") yield invalid(path, 0, misfit(path, value, "int64"));
  else if ((value as number) < 0) yield invalid(path, value, "should be a non-negative integer");
  else if ((value as number) > 2 ** 31 - 1) {
    yield invalid(path, value, "should be less than or equal to 2147483647");
  }
}

function misfit(path: string, value: unknown, wanted: string): string {
  const goType = Array.isArray(value)
    ? "[]interface {}"
    : value === null
      ? "<nil>"
      : ({ string: "string", number: "float64", boolean: "bool" }[typeof value as string] ?? "map[string]interface {}");
  const shown = typeof value === "string" ? value : goJson(value);
  return `.${stepsOf(path).join(".")} accessor error: ${shown} is of the type ${goType}, expected ${wanted}`;
}
