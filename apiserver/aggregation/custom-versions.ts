import type { ApiObject } from "../../apimachinery/resource/object.ts";
import type { Registry } from "../registry/registry.ts";
import type { LocalVersion } from "./autoregistration.ts";
import { customPriority } from "./priorities.ts";

/** What counts here of a CustomResourceDefinition. */
interface CustomResourceDefinition extends ApiObject {
  readonly spec: {
    readonly group: string;
    readonly versions?: readonly { readonly name: string; readonly served: boolean }[];
  };
  readonly status?: { readonly conditions?: readonly { readonly type: string; readonly status: string }[] };
}

/** Tells of the group versions of custom resources, which are registered like this server's own. */
export class CustomVersions {
  readonly #registry: Registry;
  readonly #tell: (versions: readonly LocalVersion[]) => void;

  constructor(registry: Registry, tell: (versions: readonly LocalVersion[]) => void) {
    this.#registry = registry;
    this.#tell = tell;
  }

  start(): void {
    const store = this.#registry.find("apiextensions.k8s.io", "v1", "customresourcedefinitions");
    if (store === undefined) return;
    const tell = (): void => {
      this.#tell(versionsOf(this.#registry.list(store.definition) as Iterable<CustomResourceDefinition>));
    };
    this.#registry.onChange(store.definition, tell);
    tell();
  }
}

/** Each served version of an established definition, once (controllers crdregistration handleVersionUpdate). */
export function versionsOf(definitions: Iterable<CustomResourceDefinition>): readonly LocalVersion[] {
  const found = new Map<string, LocalVersion>();
  for (const { spec, status } of definitions) {
    const established = (status?.conditions ?? []).some((one) => one.type === "Established" && one.status === "True");
    if (!established) continue;
    for (const { name: version, served } of spec.versions ?? []) {
      if (!served) continue;
      found.set(`${version}.${spec.group}`, { group: spec.group, version, priority: customPriority, managed: "true" });
    }
  }
  return [...found.values()];
}
