import { invalid, notSupported, required } from "../../../../../apimachinery/field/errors.ts";
import type { Path } from "../../../../../apimachinery/field/path.ts";
import type { ObjectFieldSelector, ResourceFieldSelector } from "../../../../generated/types/core-v1.ts";
import { isZero } from "../resource-list.ts";
import { type Check, checkQualifiedName } from "./check.ts";

/** Fields an environment variable may show; sorted, as messages list them. */
export const envFieldPaths: readonly string[] = [
  "metadata.name",
  "metadata.namespace",
  "metadata.uid",
  "spec.nodeName",
  "spec.serviceAccountName",
  "status.hostIP",
  "status.hostIPs",
  "status.podIP",
  "status.podIPs",
];

/** Fields a downward API file may show. */
export const volumeFieldPaths: readonly string[] = [
  "metadata.annotations",
  "metadata.labels",
  "metadata.name",
  "metadata.namespace",
  "metadata.uid",
];

const convertible = new Set([
  ...envFieldPaths,
  ...volumeFieldPaths,
  "spec.restartPolicy",
  "spec.schedulerName",
  "status.phase",
]);

const resourcePaths: readonly string[] = [
  "limits.cpu",
  "limits.ephemeral-storage",
  "limits.memory",
  "requests.cpu",
  "requests.ephemeral-storage",
  "requests.memory",
];

/** `metadata.labels['app']` → its path and subscript; undefined without a subscript. */
function splitSubscript(fieldPath: string): { readonly path: string; readonly subscript: string } | undefined {
  if (!fieldPath.endsWith("']")) return undefined;
  const open = fieldPath.indexOf("['");
  if (open <= 0) return undefined;
  return { path: fieldPath.slice(0, open), subscript: fieldPath.slice(open + 2, -2) };
}

/** What ConvertDownwardAPIFieldLabel refuses, or the path that the selector means. */
function convert(apiVersion: string, fieldPath: string): { readonly path: string } | { readonly problem: string } {
  if (apiVersion !== "v1") return { problem: `unsupported pod version: ${apiVersion}` };
  const subscripted = splitSubscript(fieldPath);
  if (subscripted !== undefined) {
    if (subscripted.path === "metadata.annotations" || subscripted.path === "metadata.labels")
      return { path: fieldPath };
    return { problem: `field label does not support subscript: ${fieldPath}` };
  }
  if (fieldPath === "spec.host") return { path: "spec.nodeName" };
  return convertible.has(fieldPath) ? { path: fieldPath } : { problem: `field label not supported: ${fieldPath}` };
}

/** pkg/apis/core/validation validateObjectFieldSelector. */
export function validateFieldSelector(
  check: Check,
  selector: ObjectFieldSelector,
  place: Path,
  allowed: readonly string[],
): void {
  const { apiVersion = "", fieldPath = "" } = selector;
  if (apiVersion === "") return void check.errors.push(required(place.child("apiVersion")));
  if (fieldPath === "") return void check.errors.push(required(place.child("fieldPath")));
  const converted = convert(apiVersion, fieldPath);
  if ("problem" in converted) {
    const detail = `error converting fieldPath: ${converted.problem}`;
    return void check.errors.push(invalid(place.child("fieldPath"), fieldPath, detail));
  }
  const subscripted = splitSubscript(converted.path);
  if (subscripted !== undefined) {
    // Annotation keys may be written in any case.
    const key =
      subscripted.path === "metadata.annotations" ? subscripted.subscript.toLowerCase() : subscripted.subscript;
    checkQualifiedName(check, place, key);
  } else if (!allowed.includes(converted.path)) {
    check.errors.push(notSupported(place.child("fieldPath"), converted.path, allowed));
  }
}

const byteDivisors = ["1", "1k", "1M", "1G", "1T", "1P", "1E", "1Ki", "1Mi", "1Gi", "1Ti", "1Pi", "1Ei"];

/** The divisors a resource allows, and how messages call the resource. */
function divisorRule(resource: string): { readonly divisors: readonly string[]; readonly of: string } | undefined {
  switch (resource) {
    case "limits.memory":
    case "requests.memory":
      return { divisors: byteDivisors, of: "memory resource" };
    case "limits.ephemeral-storage":
    case "requests.ephemeral-storage":
      return { divisors: byteDivisors, of: "local ephemeral storage resource" };
    default:
      return isHugePages(resource) ? { divisors: byteDivisors, of: "hugepages resource" } : undefined;
  }
}

function isHugePages(resource: string): boolean {
  return resource.startsWith("requests.hugepages-") || resource.startsWith("limits.hugepages-");
}

function validateDivisor(check: Check, { resource = "", divisor }: ResourceFieldSelector, place: Path): void {
  if (divisor === undefined || isZero(divisor)) return;
  if (resource === "limits.cpu" || resource === "requests.cpu") {
    if (divisor !== "1m" && divisor !== "1") {
      const detail = "only divisor's values 1m and 1 are supported with the cpu resource";
      check.errors.push(invalid(place.child("divisor"), resource, detail));
    }
    return;
  }
  const rule = divisorRule(resource);
  if (rule !== undefined && !rule.divisors.includes(divisor)) {
    const detail = `only divisor's values ${rule.divisors.join(", ")} are supported with the ${rule.of}`;
    check.errors.push(invalid(place.child("divisor"), resource, detail));
  }
}

/** pkg/apis/core/validation validateContainerResourceFieldSelector. In a volume the container must be named. */
export function validateResourceFieldSelector(
  check: Check,
  selector: ResourceFieldSelector,
  place: Path,
  where: "env" | "volume",
): void {
  const { containerName = "", resource = "" } = selector;
  if (where === "volume" && containerName === "") check.errors.push(required(place.child("containerName")));
  else if (resource === "") check.errors.push(required(place.child("resource")));
  else if (!resourcePaths.includes(resource) && !isHugePages(resource)) {
    check.errors.push(notSupported(place.child("resource"), resource, resourcePaths));
  }
  validateDivisor(check, selector, place);
}
