import { APIService } from "../../api/apiregistration/v1/api-service.ts";
import { isAlreadyExists, isConflict, isNotFound } from "../../apimachinery/errors/api-error.ts";
import { equalJson } from "../../apimachinery/json/equal.ts";
import type { ObjectReader, ObjectWriter } from "../registry/access.ts";
import type { VersionPriority } from "./priorities.ts";

/** Says that an APIService is this server's own: made anew at each start (`onstart`), or whenever it differs (`true`). */
export const automanagedLabel = "kube-aggregator.kubernetes.io/automanaged";
type Management = "onstart" | "true";

export interface LocalVersion extends VersionPriorityOf {
  readonly managed: Management;
}
interface VersionPriorityOf {
  readonly group: string;
  readonly version: string;
  readonly priority: VersionPriority;
}

export type Registration =
  | { readonly operation: "none" }
  | { readonly operation: "create"; readonly object: object }
  | { readonly operation: "update"; readonly object: APIService }
  | { readonly operation: "delete" };

export interface Registering {
  readonly current: APIService | undefined;
  readonly wanted: LocalVersion | undefined;
  /** The server has just started, and has not looked at this one before. */
  readonly first: boolean;
}

/**
 * What becomes of one APIService (autoregister_controller.go checkAPIService): ours are kept as they should be, those of
 * somebody else are left alone. Pure.
 */
export function register({ current, wanted, first }: Registering): Registration {
  const managed = current?.metadata.labels?.[automanagedLabel];
  if (wanted === undefined) {
    if (managed === "onstart" && !first) return { operation: "none" };
    return managed === "onstart" || managed === "true" ? { operation: "delete" } : { operation: "none" };
  }
  // What an administrator deletes or changes of those that are kept at the start alone stays so until the next.
  if (wanted.managed === "onstart" && !first) return { operation: "none" };
  const object = objectOf(wanted);
  if (current === undefined) return { operation: "create", object };
  if (managed !== "onstart" && managed !== "true") return { operation: "none" };
  if (equalJson(current.spec, object.spec)) return { operation: "none" };
  return { operation: "update", object: { ...current, spec: object.spec } };
}

function objectOf({ group, version, priority, managed }: LocalVersion) {
  return {
    apiVersion: "apiregistration.k8s.io/v1",
    kind: "APIService",
    metadata: { name: `${version}.${group}`, labels: { [automanagedLabel]: managed } },
    spec: {
      ...(group === "" ? {} : { group }),
      version,
      groupPriorityMinimum: priority.group,
      versionPriority: priority.version,
    },
  } as const;
}

/** Keeps the APIServices of what this server answers itself. */
export class Autoregistration {
  readonly #store: ObjectReader & ObjectWriter;
  readonly #wanted = new Map<string, LocalVersion>();
  readonly #seen = new Set<string>();

  constructor(store: ObjectReader & ObjectWriter, builtIn: Iterable<LocalVersion>) {
    this.#store = store;
    for (const one of builtIn) this.#wanted.set(nameOf(one), one);
  }

  /** All that are there or should be, once at the start. */
  async start(): Promise<void> {
    const names = new Set(this.#wanted.keys());
    for (const { metadata } of this.#store.list(APIService)) names.add(metadata.name ?? "");
    await Promise.all([...names].map((name) => this.sync(name)));
  }

  /** The versions of custom resources, as they are from now on. */
  async setCustom(versions: Iterable<LocalVersion>): Promise<void> {
    const changed = new Set<string>();
    const next = new Map([...versions].map((one) => [nameOf(one), one]));
    for (const [name, { managed }] of this.#wanted) {
      if (managed === "true" && !next.has(name)) {
        this.#wanted.delete(name);
        changed.add(name);
      }
    }
    for (const [name, one] of next) {
      if (this.#wanted.has(name)) continue;
      this.#wanted.set(name, one);
      changed.add(name);
    }
    await Promise.all([...changed].map((name) => this.sync(name)));
  }

  async sync(name: string): Promise<void> {
    const first = !this.#seen.has(name);
    const current = this.#store.get(APIService, "", name);
    const registration = register({ current, wanted: this.#wanted.get(name), first });
    try {
      if (registration.operation === "create") await this.#store.create(APIService, registration.object);
      else if (registration.operation === "update") await this.#store.update(APIService, registration.object);
      else if (registration.operation === "delete") await this.#store.delete(APIService, "", name);
    } catch (error) {
      // Another server was faster: its change is heard of, and looked at then.
      if (!isAlreadyExists(error) && !isConflict(error) && !isNotFound(error)) throw error;
    }
    this.#seen.add(name);
  }
}

function nameOf({ group, version }: LocalVersion): string {
  return `${version}.${group}`;
}
