import { posix } from "node:path";
import type { ResourceList } from "../../api/core/v1/pod/resource-list.ts";
import { isZero } from "../../api/core/v1/pod/resource-list.ts";
import type { Pod } from "../../api/core/v1/pod.ts";
import type {
  Container,
  DownwardAPIVolumeFile,
  ResourceFieldSelector,
  ResourceRequirements,
} from "../../api/generated/types/core-v1.ts";
import { Quantity } from "../../apimachinery/quantity/quantity.ts";
import { goQuote } from "../../apimachinery/text/go-quote.ts";
import type { FileContent, Payload } from "./payload.ts";
import { aggregateError } from "./volume-errors.ts";

/** `key="value"` a line, in the order of keys (pkg/fieldpath FormatMap). */
export function formatMap(map: Readonly<Record<string, string>> = {}): string {
  const keys = Object.keys(map).sort();
  return keys.map((key) => `${key}=${goQuote(map[key]!)}`).join("\n");
}

/** A field of the pod's metadata, `metadata.labels['a']` too. Throws upstream's words (pkg/fieldpath). */
export function metadataField({ metadata }: Pod, fieldPath: string): string {
  const [, path = fieldPath, subscript] = /^(.+?)\['(.*)'\]$/s.exec(fieldPath) ?? [];
  if (subscript !== undefined) {
    if (path === "metadata.annotations") return metadata.annotations?.[subscript] ?? "";
    if (path === "metadata.labels") return metadata.labels?.[subscript] ?? "";
    throw new Error(`fieldPath ${goQuote(fieldPath)} does not support subscript`);
  }
  if (path === "metadata.annotations") return formatMap(metadata.annotations);
  if (path === "metadata.labels") return formatMap(metadata.labels);
  if (path === "metadata.name") return metadata.name ?? "";
  if (path === "metadata.namespace") return metadata.namespace ?? "";
  if (path === "metadata.uid") return metadata.uid ?? "";
  throw new Error(`unsupported fieldPath: ${fieldPath}`);
}

export type ResourceField = Pick<ResourceFieldSelector, "resource"> & { readonly divisor?: string };

/**
 * What a container asks for or may have, in units of the divisor, rounded up. Where it has no limit of its own the node's
 * allocatable is one (pkg/api/v1/resource ExtractResourceValueByContainerNameAndNodeAllocatable).
 */
export function containerResource(container: Container, field: ResourceField, allocatable: ResourceList): string {
  const [, kind, name = ""] = /^(limits|requests)\.(.+)$/.exec(field.resource) ?? [];
  const scalable = name === "cpu" || name === "memory" || name === "ephemeral-storage";
  if (kind === undefined || !(scalable || name.startsWith("hugepages-")))
    throw new Error(`unsupported container resource : ${field.resource}`);
  const list = (container.resources as ResourceRequirements | undefined)?.[kind as "limits" | "requests"];
  let amount = list?.[name];
  if (kind === "limits" && scalable && (amount === undefined || isZero(amount))) amount = allocatable[name] ?? amount;
  const quantity = Quantity.parse(amount ?? "0");
  const divisor = Quantity.parse(field.divisor === undefined || isZero(field.divisor) ? "1" : field.divisor);
  const units = name === "cpu" ? quantity.milliValue() / divisor.milliValue() : quantity.value() / divisor.value();
  return String(Math.ceil(units));
}

export interface DownwardOptions {
  readonly defaultMode: number;
  readonly allocatable: ResourceList;
}

/** The files of a downwardAPI volume. Throws all that is wrong at once (pkg/volume/downwardapi CollectData). */
export function downwardPayload(
  pod: Pod,
  items: readonly DownwardAPIVolumeFile[],
  { defaultMode, allocatable }: DownwardOptions,
): Payload {
  const payload = new Map<string, FileContent>();
  const errors: unknown[] = [];
  for (const { path, mode = defaultMode, fieldRef, resourceFieldRef } of items) {
    try {
      let data = "";
      if (fieldRef !== undefined) data = metadataField(pod, fieldRef.fieldPath);
      else if (resourceFieldRef !== undefined) {
        const container = containerOf(pod, resourceFieldRef.containerName ?? "");
        data = containerResource(container, resourceFieldRef, allocatable);
      }
      payload.set(posix.normalize(path), { data, mode });
    } catch (error) {
      errors.push(error);
    }
  }
  if (errors.length > 0) throw aggregateError(errors);
  return payload;
}

function containerOf({ spec }: Pod, name: string): Container {
  const found = [...spec.containers, ...(spec.initContainers ?? [])].find((container) => container.name === name);
  if (found === undefined) throw new Error(`container ${name} not found`);
  return found;
}
