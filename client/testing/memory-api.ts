import { ApiError } from "../../apimachinery/errors/api-error.ts";
import type { ApiObject } from "../../apimachinery/resource/object.ts";
import type {
  Transport,
  TransportRequest,
  TransportResponse,
  WatchEvent,
} from "../../apimachinery/resource/transport.ts";
import { formatTime } from "../../apimachinery/time/time.ts";
import type { Clock } from "../../base/clock.ts";
import { BoundedQueue } from "../../base/queue.ts";
import type { Random } from "../../base/random.ts";
import { applyJsonPatch, mergePatch } from "./patches.ts";

export interface MemoryApiOptions {
  readonly clock: Pick<Clock, "now">;
  readonly random: Random;
  /** Whether watches can begin with the objects there are. Default true. */
  readonly watchList?: boolean;
}

interface Parsed {
  readonly group: string;
  readonly version: string;
  readonly plural: string;
  readonly namespace: string | undefined;
  readonly name: string | undefined;
  readonly subresource: string | undefined;
}

interface Change {
  readonly revision: number;
  readonly plural: string;
  readonly event: WatchEvent;
}

type Frozen = ApiObject & { readonly data?: unknown };

/**
 * A server for tests of clients: keeps any resource by its path, without schemas, defaults or admission, with resource
 * versions, conflicts, pages, watches and failures on demand. What it answers is what the real one answers.
 */
export class MemoryApi implements Transport {
  readonly requests: TransportRequest[] = [];
  readonly #options: MemoryApiOptions;
  readonly #objects = new Map<string, Frozen>();
  #history: Change[] = [];
  #compacted = 0;
  #revision = 1;
  readonly #watches = new Set<{ readonly queue: BoundedQueue<Change>; readonly ofPlural: string }>();
  readonly #failures: { readonly matches: (request: TransportRequest) => boolean; readonly error: () => Error }[] = [];

  constructor(options: MemoryApiOptions) {
    this.#options = options;
  }

  get revision(): number {
    return this.#revision;
  }

  get openWatches(): number {
    return this.#watches.size;
  }

  /** The next request that matches fails so. */
  failNext(error: () => Error, matches: (request: TransportRequest) => boolean = () => true): void {
    this.#failures.push({ matches, error });
  }

  /** Forgets history: watches and pages from before now are expired. */
  compact(): void {
    this.#history = [];
    this.#compacted = this.#revision;
  }

  /** Ends every watch: well, or with an error. */
  endWatches(error?: Error): void {
    for (const watch of this.#watches) {
      watch.queue.close(error);
      this.#watches.delete(watch);
    }
  }

  /** Tells every watch how far it is. */
  sendBookmarks(): void {
    const event: WatchEvent = { type: "BOOKMARK", object: { metadata: { resourceVersion: String(this.#revision) } } };
    for (const { queue, ofPlural } of this.#watches) queue.push({ revision: this.#revision, plural: ofPlural, event });
  }

  request(request: TransportRequest): Promise<TransportResponse> {
    this.requests.push(request);
    return Promise.resolve().then(() => {
      request.signal?.throwIfAborted();
      this.#failIfAsked(request);
      return { warnings: [], ...this.#answer(request) };
    });
  }

  async *watch(request: TransportRequest): AsyncGenerator<WatchEvent, void, undefined> {
    this.requests.push(request);
    await Promise.resolve();
    if (request.signal?.aborted) return;
    this.#failIfAsked(request);
    const target = parsePath(request.path);
    const query = request.query ?? new URLSearchParams();
    const queue = new BoundedQueue<Change>(10_000);
    const watch = { queue, ofPlural: target.plural };
    const initial = this.#begin(target, query, queue);
    this.#watches.add(watch);
    const onAbort = (): void => queue.close();
    request.signal?.addEventListener("abort", onAbort, { once: true });
    try {
      yield* initial;
      for await (const { event } of queue)
        if (event.type === "BOOKMARK" || selects(target, query, event.object)) yield event;
    } finally {
      this.#watches.delete(watch);
      request.signal?.removeEventListener("abort", onAbort);
    }
  }

  close(): Promise<void> {
    this.endWatches();
    return Promise.resolve();
  }

  #failIfAsked(request: TransportRequest): void {
    const at = this.#failures.findIndex(({ matches }) => matches(request));
    if (at >= 0) throw this.#failures.splice(at, 1)[0]?.error();
  }

  /** Events before the live ones; puts missed changes into the queue. */
  #begin(target: Parsed, query: URLSearchParams, queue: BoundedQueue<Change>): WatchEvent[] {
    const from = query.get("resourceVersion") ?? "";
    const sendInitial = query.get("sendInitialEvents") === "true";
    if (sendInitial && this.#options.watchList === false) {
      throw ApiError.invalid({ group: "meta.k8s.io", kind: "ListOptions" }, "", [
        {
          type: "FieldValueForbidden",
          field: "sendInitialEvents",
          detail: "sendInitialEvents is forbidden for watch unless the WatchList feature gate is enabled",
        },
      ]);
    }
    if (!sendInitial && from !== "" && from !== "0") {
      if (Number(from) < this.#compacted)
        throw ApiError.expired(`too old resource version: ${from} (${this.#compacted})`);
      for (const change of this.#history)
        if (change.revision > Number(from) && change.plural === target.plural) queue.push(change);
      return [];
    }
    const events: WatchEvent[] = this.#select(target, query).map((object) => ({ type: "ADDED", object }));
    if (sendInitial) {
      const metadata = {
        resourceVersion: String(this.#revision),
        annotations: { "k8s.io/initial-events-end": "true" },
      };
      events.push({ type: "BOOKMARK", object: { metadata } });
    }
    return events;
  }

  #select(target: Parsed, query: URLSearchParams): Frozen[] {
    const prefix = `${target.plural}/${target.namespace === undefined ? "" : `${target.namespace}/`}`;
    const keys = [...this.#objects.keys()].filter((key) => key.startsWith(prefix)).sort();
    return keys.map((key) => this.#objects.get(key) as Frozen).filter((object) => selects(target, query, object));
  }

  #answer(request: TransportRequest): Pick<TransportResponse, "status" | "object"> {
    const target = parsePath(request.path);
    const query = request.query ?? new URLSearchParams();
    switch (request.method) {
      case "GET":
        return { status: 200, object: target.name === undefined ? this.#list(target, query) : this.#get(target) };
      case "POST":
        return { status: 201, object: this.#create(target, query, structuredClone(request.body) as Frozen) };
      case "PUT":
        return { status: 200, object: this.#update(target, query, structuredClone(request.body) as Frozen) };
      case "PATCH":
        return { status: 200, object: this.#patch(target, query, request) };
      case "DELETE":
        return { status: 200, object: this.#delete(target, request.body as { dryRun?: string[] } | undefined) };
    }
  }

  #list(target: Parsed, query: URLSearchParams): unknown {
    const limit = Number(query.get("limit") ?? 0);
    const token = query.get("continue");
    const [revision, start] = token === null ? [this.#revision, ""] : (JSON.parse(atob(token)) as [number, string]);
    if (token !== null && revision < this.#compacted) {
      throw ApiError.expired("The provided continue parameter is too old to display a consistent list result.");
    }
    const all = this.#select(target, query).filter((object) => keyOf(target, object) > start);
    const items = limit > 0 ? all.slice(0, limit) : all;
    const last = items.at(-1);
    const more =
      last === undefined || items.length === all.length
        ? {}
        : {
            continue: btoa(JSON.stringify([revision, keyOf(target, last)])),
            remainingItemCount: all.length - items.length,
          };
    return { kind: "List", apiVersion: "v1", metadata: { resourceVersion: String(revision), ...more }, items };
  }

  #get(target: Parsed): Frozen {
    const found = this.#objects.get(`${target.plural}/${place(target)}`);
    if (found === undefined)
      throw ApiError.notFound({ group: target.group, resource: target.plural }, target.name ?? "");
    return found;
  }

  #create(target: Parsed, query: URLSearchParams, object: Frozen): Frozen {
    const { now } = { now: this.#options.clock.now() };
    const name = object.metadata.name ?? `${object.metadata.generateName}${this.#options.random.suffix(5)}`;
    if (!/^[a-z0-9.-]+$/.test(name)) {
      const detail = "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.'";
      throw ApiError.invalid({ group: target.group, kind: object.kind }, name, [
        { type: "FieldValueInvalid", field: "metadata.name", value: name, detail },
      ]);
    }
    const key = `${target.plural}/${place({ ...target, name })}`;
    if (this.#objects.has(key)) throw ApiError.alreadyExists({ group: target.group, resource: target.plural }, name);
    const metadata = {
      ...object.metadata,
      name,
      ...(target.namespace === undefined ? {} : { namespace: target.namespace }),
      uid: this.#options.random.uuid(),
      creationTimestamp: formatTime(now),
    };
    return this.#store(target, "ADDED", { ...object, metadata }, query);
  }

  #update(target: Parsed, query: URLSearchParams, object: Frozen): Frozen {
    const old = this.#get(target);
    const wanted = object.metadata.resourceVersion;
    if (wanted !== undefined && wanted !== old.metadata.resourceVersion) {
      throw ApiError.conflict({ group: target.group, resource: target.plural }, target.name ?? "");
    }
    const { uid = "", creationTimestamp = "", namespace } = old.metadata;
    const metadata = { ...object.metadata, ...(namespace === undefined ? {} : { namespace }), uid, creationTimestamp };
    return this.#store(target, "MODIFIED", { ...object, metadata }, query);
  }

  #patch(target: Parsed, query: URLSearchParams, { body, contentType }: TransportRequest): Frozen {
    if (contentType === "application/apply-patch+yaml" && !this.#objects.has(`${target.plural}/${place(target)}`)) {
      return this.#create({ ...target, name: undefined }, query, structuredClone(body) as Frozen);
    }
    const old = structuredClone(this.#get(target));
    const patched = contentType === "application/json-patch+json" ? applyJsonPatch(old, body) : mergePatch(old, body);
    return this.#update(target, query, patched as Frozen);
  }

  #delete(target: Parsed, options: { readonly dryRun?: readonly string[] } | undefined): unknown {
    const old = this.#get(target);
    if (options?.dryRun === undefined) {
      this.#objects.delete(`${target.plural}/${place(target)}`);
      const last = freeze({ ...old, metadata: { ...old.metadata, resourceVersion: String(++this.#revision) } });
      this.#emit({ revision: this.#revision, plural: target.plural, event: { type: "DELETED", object: last } });
    }
    const { group, plural: kind, name } = target;
    const details = { name, ...(group === "" ? {} : { group }), kind, uid: old.metadata.uid };
    return { kind: "Status", apiVersion: "v1", metadata: {}, status: "Success", details };
  }

  #store(target: Parsed, type: "ADDED" | "MODIFIED", object: Frozen, query: URLSearchParams): Frozen {
    if (query.get("dryRun") === "All") return freeze(object);
    const stored = freeze({ ...object, metadata: { ...object.metadata, resourceVersion: String(++this.#revision) } });
    this.#objects.set(`${target.plural}/${keyOf(target, stored).slice(target.plural.length + 1)}`, stored);
    this.#emit({ revision: this.#revision, plural: target.plural, event: { type, object: stored } });
    return stored;
  }

  #emit(change: Change): void {
    this.#history.push(change);
    for (const { queue, ofPlural } of this.#watches) if (ofPlural === change.plural) queue.push(change);
  }
}

function parsePath(path: string): Parsed {
  const match =
    /^\/(?:api|apis\/(?<group>[^/]+))\/(?<version>v[^/]+)(?:\/namespaces\/(?<namespace>[^/]+))?\/(?<plural>[^/]+)(?:\/(?<name>[^/]+))?(?:\/(?<sub>.+))?$/.exec(
      path,
    )?.groups;
  if (match === undefined)
    throw ApiError.fromStatus({
      kind: "Status",
      apiVersion: "v1",
      metadata: {},
      status: "Failure",
      reason: "NotFound",
      code: 404,
      message: "the server could not find the requested resource",
      details: {},
    });
  const { group = "", version = "", namespace, plural = "", name, sub } = match;
  return { group, version, plural, namespace, name: name && decodeURIComponent(name), subresource: sub };
}

const place = ({ namespace, name }: Pick<Parsed, "namespace" | "name">): string =>
  namespace === undefined ? (name ?? "") : `${namespace}/${name ?? ""}`;

const keyOf = ({ plural }: Pick<Parsed, "plural">, { metadata }: ApiObject): string =>
  `${plural}/${place({ namespace: metadata.namespace, name: metadata.name })}`;

/** Selectors of the form `a=b`, comma separated. */
function selects(target: Parsed, query: URLSearchParams, object: ApiObject): boolean {
  if (target.namespace !== undefined && object.metadata.namespace !== target.namespace) return false;
  const pairs = (query.get("labelSelector") ?? "").split(",").filter((pair) => pair !== "");
  return pairs.every((pair) => {
    const [key = "", value] = pair.split("=");
    return object.metadata.labels?.[key] === value;
  });
}

function freeze<T>(value: T): T {
  if (typeof value === "object" && value !== null && !Object.isFrozen(value)) {
    Object.freeze(value);
    for (const inner of Object.values(value)) freeze(inner);
  }
  return value;
}
