import assert from "node:assert/strict";
import { decodeProtobuf, encodeProtobuf } from "../../api/protobuf.ts";
import type { ApiObject } from "../../apimachinery/resource/object.ts";
import type { ResourceDefinition } from "../../apimachinery/resource/resource.ts";
import { type HeaderFields, type HttpClient, linesOf, type ReadEvents, type Watch } from "./http.ts";

/** `protobuf` is how client-go's typed clients ask for built-in resources; `json` how its dynamic ones do. */
export type Form = "protobuf" | "json";

/** An object as a test reads it: whatever is in it. */
export interface Thing extends ApiObject {
  readonly metadata: ApiObject["metadata"] & {
    readonly name: string;
    readonly uid: string;
    readonly resourceVersion: string;
  };
  // biome-ignore lint/suspicious/noExplicitAny: a test reads any field of any kind
  readonly [field: string]: any;
}

export interface ThingList {
  readonly kind: string;
  readonly apiVersion: string;
  readonly metadata: {
    readonly resourceVersion: string;
    readonly continue?: string;
    readonly remainingItemCount?: number;
  };
  readonly items: readonly Thing[];
}

export interface ThingEvent {
  readonly type: string;
  readonly object: Thing;
}

/** What a request was refused with. */
export class Refusal extends Error {
  readonly code: number;
  readonly status: Thing;

  constructor(request: string, status: Thing) {
    super(`${request}: ${status["message"]}`);
    this.code = status["code"] as number;
    this.status = status;
  }
}

export type Query = Readonly<Record<string, string | number | boolean>>;
export type PatchKind = "json" | "merge" | "strategic" | "apply";

const protobufType = "application/vnd.kubernetes.protobuf";
const patchTypes: Readonly<Record<PatchKind, string>> = {
  json: "application/json-patch+json",
  merge: "application/merge-patch+json",
  strategic: "application/strategic-merge-patch+json",
  apply: "application/apply-patch+yaml",
};

/** One resource, in one namespace or in all, asked for as client-go asks. */
export class TypedResource {
  readonly path: string;
  readonly #http: HttpClient;
  readonly #definition: Target;
  readonly #form: Form;

  constructor(http: HttpClient, definition: Target, { namespace = "", form = "json" as Form } = {}) {
    const { group, version, plural } = definition;
    const root = group === "" ? `/api/${version}` : `/apis/${group}/${version}`;
    this.path = `${root}${namespace === "" ? "" : `/namespaces/${namespace}`}/${plural}`;
    this.#http = http;
    this.#definition = definition;
    this.#form = form;
  }

  create(object: object, query: Query = {}): Promise<Thing> {
    return this.#send("POST", "", { query, body: this.#whole(object), codes: [201] });
  }

  /** A create of something below an object: a token, a binding. */
  createBelow(name: string, body: ApiObject): Promise<Thing> {
    return this.#send("POST", `/${name}`, { body, codes: [200, 201] });
  }

  get(name: string, query: Query = {}): Promise<Thing> {
    return this.#send("GET", `/${name}`, { query });
  }

  async list(query: Query = {}): Promise<ThingList> {
    const list = await this.#send("GET", "", { query });
    // Protobuf cannot tell an empty list from none.
    return { items: [], ...list } as unknown as ThingList;
  }

  /** `name/status` and the like for a subresource; default the object's own name. */
  update(object: Thing, subresource = "", query: Query = {}): Promise<Thing> {
    const below = subresource === "" ? "" : `/${subresource}`;
    return this.#send("PUT", `/${object.metadata.name}${below}`, { query, body: this.#whole(object) });
  }

  /** The same with an object of another kind, which says so itself: a Scale. */
  updateAs(object: Thing, subresource: string): Promise<Thing> {
    return this.#send("PUT", `/${object.metadata.name}/${subresource}`, { body: object });
  }

  /** Tries again with the object of that moment where somebody was faster. */
  async change(name: string, change: (draft: Thing) => void, subresource = ""): Promise<Thing> {
    for (let attempt = 1; ; attempt++) {
      const draft = structuredClone(await this.get(name));
      change(draft);
      try {
        return await this.update(draft, subresource);
      } catch (error) {
        if (!(error instanceof Refusal) || error.code !== 409 || attempt > 10) throw error;
      }
    }
  }

  patch(name: string, kind: PatchKind, body: object, { subresource = "", query = {} as Query } = {}): Promise<Thing> {
    const below = subresource === "" ? "" : `/${subresource}`;
    const bytes = Buffer.from(JSON.stringify(body));
    return this.#send("PATCH", `/${name}${below}`, { query, bytes, type: patchTypes[kind], codes: [200, 201] });
  }

  delete(name: string, options: object = {}): Promise<Thing> {
    return this.#send("DELETE", `/${name}`, { body: this.#deleteOptions(options), codes: [200, 202] });
  }

  deleteCollection(query: Query = {}, options: object = {}): Promise<Thing> {
    return this.#send("DELETE", "", { query, body: this.#deleteOptions(options) });
  }

  async watch(query: Query = {}): Promise<TypedWatch> {
    const path = `${this.path}${queryText({ allowWatchBookmarks: true, ...query, watch: true })}`;
    const stream = await this.#http.watch(path, accepting(this.#form), this.#form === "json" ? linesOf : framesOf);
    if (stream.status !== 200) throw new Refusal(`watch ${path}`, (await stream.next()) as Thing);
    const type = this.#form === "json" ? "application/json" : `${protobufType};stream=watch`;
    assert.equal(stream.headers["content-type"], type);
    return new TypedWatch(stream);
  }

  #whole(object: object): ApiObject {
    const { group, version, kind } = this.#definition;
    return { apiVersion: group === "" ? version : `${group}/${version}`, kind, ...object } as ApiObject;
  }

  /** Typed clients say the group version of the resource even for the options. */
  #deleteOptions(options: object): ApiObject {
    const { group, version } = this.#definition;
    const apiVersion = group === "" ? version : `${group}/${version}`;
    return { kind: "DeleteOptions", apiVersion, ...options } as ApiObject;
  }

  async #send(method: string, below: string, request: Sent): Promise<Thing> {
    const { query = {}, body, codes = [200] } = request;
    const json = this.#form === "json";
    const bytes =
      request.bytes ?? (body && (json ? Buffer.from(JSON.stringify(body)) : Buffer.from(encodeProtobuf(body))));
    const type = request.type ?? (json ? "application/json" : protobufType);
    const path = `${this.path}${below}${queryText(query)}`;
    const answer = await this.#http.call({
      method,
      path,
      headers: { ...accepting(this.#form), ...(bytes === undefined ? {} : { "content-type": type }) },
      ...(bytes === undefined ? {} : { body: bytes }),
    });
    const isProtobuf = answer.headers["content-type"] === protobufType;
    assert.equal(isProtobuf, !json, `${method} ${path} answered ${answer.headers["content-type"]}`);
    const object = (isProtobuf ? decodeProtobuf(answer.body) : answer.json) as Thing;
    if (answer.status >= 400) throw new Refusal(`${method} ${path}`, object);
    assert.ok(codes.includes(answer.status), `${method} ${path} answered ${answer.status}`);
    return object;
  }
}

/** What it takes to ask for a resource. */
export type Target = Pick<ResourceDefinition, "group" | "version" | "kind" | "plural">;

interface Sent {
  readonly query?: Query;
  readonly body?: ApiObject;
  readonly bytes?: Buffer;
  readonly type?: string;
  readonly codes?: readonly number[];
}

const accepting = (form: Form): HeaderFields => ({
  accept: form === "json" ? "application/json" : `${protobufType},application/json`,
  "user-agent": "e2e.test/v1.36.2 (linux/amd64) kubernetes/0000000",
});

function queryText(query: Query): string {
  const parameters = new URLSearchParams(
    Object.entries(query).map(([name, value]): [string, string] => [name, String(value)]),
  );
  return parameters.size === 0 ? "" : `?${parameters}`;
}

/** A watch as client-go's: bookmarks are not shown. */
export class TypedWatch {
  readonly #stream: Watch;
  readonly seen: ThingEvent[] = [];

  constructor(stream: Watch) {
    this.#stream = stream;
  }

  /** The next event of any type but BOOKMARK; rejects where none comes within the time. */
  async next(timeoutMs = 10_000): Promise<ThingEvent> {
    for (;;) {
      const event = (await within(timeoutMs, this.#stream.next(), () => this.seen)) as ThingEvent | undefined;
      assert.ok(event, `the watch ended after ${JSON.stringify(this.seen.map(({ type }) => type))}`);
      if (event.type === "BOOKMARK") continue;
      this.seen.push(event);
      return event;
    }
  }

  /** Waits for the next event that is meant; others before it are passed over. */
  async until(isMeant: (event: ThingEvent) => boolean, timeoutMs = 10_000): Promise<ThingEvent> {
    for (;;) {
      const event = await this.next(timeoutMs);
      if (isMeant(event)) return event;
    }
  }

  /** The next event is of this type; the answer is its object. */
  async expect(type: string): Promise<Thing> {
    const event = await this.next();
    assert.equal(event.type, type);
    return event.object;
  }

  stop(): void {
    this.#stream.cancel();
  }
}

async function within<T>(timeoutMs: number, promise: Promise<T>, told: () => readonly ThingEvent[]): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    const fail = (): void =>
      reject(new Error(`no event in ${timeoutMs} ms after ${JSON.stringify(told().map(({ type }) => type))}`));
    timer = setTimeout(fail, timeoutMs);
  });
  return Promise.race([promise, late]).finally(() => clearTimeout(timer));
}

/** WatchEvents, each behind its length. */
const framesOf: ReadEvents = async function* (chunks) {
  let bytes = Buffer.alloc(0);
  for await (const chunk of chunks) {
    bytes = Buffer.concat([bytes, chunk]);
    while (bytes.length >= 4 && bytes.length >= 4 + bytes.readUInt32BE(0)) {
      const end = 4 + bytes.readUInt32BE(0);
      yield eventIn(bytes.subarray(4, end));
      bytes = bytes.subarray(end);
    }
  }
};

/** Field 1 is the type; field 2 a RawExtension whose field 1 holds the object's envelope. */
function eventIn(frame: Buffer): ThingEvent {
  const fields = fieldsIn(frame);
  const type = fields.get(1)!.toString();
  const raw = fieldsIn(fields.get(2)!).get(1)!;
  return { type, object: decodeProtobuf(raw) as unknown as Thing };
}

function fieldsIn(bytes: Buffer): Map<number, Buffer> {
  const fields = new Map<number, Buffer>();
  let at = 0;
  const varint = (): number => {
    let value = 0;
    for (let shift = 0; ; shift += 7) {
      const byte = bytes[at++]!;
      value += (byte & 0x7f) * 2 ** shift;
      if (byte < 0x80) return value;
    }
  };
  while (at < bytes.length) {
    const tag = varint();
    assert.equal(tag & 7, 2, "a field that has a length");
    const length = varint();
    fields.set(tag >> 3, bytes.subarray(at, at + length));
    at += length;
  }
  return fields;
}
