import assert from "node:assert/strict";
import type { HttpClient } from "./http.ts";
import { Refusal, type Thing, type TypedResource, type TypedWatch } from "./typed-client.ts";
import type { Upstream } from "./upstream.ts";

export interface Operations {
  /** As `Upstream.typed` takes it. */
  readonly resource: string;
  readonly namespace?: string;
  /** An object to create, all but its label. */
  make(i: number): { readonly metadata: object };
  /** What its patch changes beside an annotation, and what is then seen of it. */
  readonly patch?: object;
  patched?(object: Thing): void;
  /** What its update changes beside an annotation, and what is then seen of it. */
  update?(draft: Thing): void;
  updated?(object: Thing): void;
  /** Subresources that discovery has to list. */
  readonly subresources?: readonly string[];
  /** What is done with subresources, before it is deleted. */
  below?(resource: TypedResource, created: Thing): Promise<void>;
}

const label = "special-label";

/**
 * The sequence of upstream's tests "should support … API operations": discovery in its three documents, create, get, list,
 * watch, patch, update, delete, delete of a collection.
 */
export async function supportsOperations(use: Upstream, operations: Operations): Promise<void> {
  const { namespace = "" } = operations;
  await isDiscovered(use.admin, operations, use.typed(operations.resource).path);
  for (const form of ["typed", "dynamic"] as const) {
    const resource = use[form](operations.resource, namespace);
    const all = use[form](operations.resource);
    const selector = { labelSelector: `${label}=${form}` };
    const [first, second, third] = [0, 1, 2].map((i) => labelled(operations.make(i), form));
    const created = await resource.create(first!);
    await isRefused(resource.create({ ...first, metadata: { ...first!.metadata, name: created.metadata.name } }), 409);
    await resource.create(second!);
    await resource.create(third!);
    const { name } = created.metadata;
    const got = await resource.get(name);
    assert.equal(got.metadata.uid, created.metadata.uid);
    assert.match(got.metadata.resourceVersion, /^[1-9][0-9]*$/);
    const list = await resource.list(selector);
    assert.equal(list.items.length, 3);
    assert.equal((await all.list(selector)).items.length, 3);
    const from = { ...selector, resourceVersion: list.metadata.resourceVersion };
    const watches = [await resource.watch(from), await all.watch(from)];
    await changes(resource, name, operations);
    for (const watch of watches) await seesBoth(watch);
    await operations.below?.(resource, created);
    await resource.delete(name);
    for (const watch of watches) {
      assert.equal((await watch.until(({ type }) => type !== "MODIFIED")).type, "DELETED");
      watch.stop();
    }
    await isRefused(resource.get(name), 404);
    assert.equal((await resource.list(selector)).items.length, 2);
    await resource.deleteCollection(selector);
    assert.equal((await resource.list(selector)).items.length, 0);
  }
}

async function changes(resource: TypedResource, name: string, operations: Operations): Promise<void> {
  const before = await resource.get(name);
  const annotations = { patched: "true" };
  const patched = await resource.patch(name, "merge", { metadata: { annotations }, ...operations.patch });
  assert.equal(patched.metadata.annotations?.["patched"], "true");
  assert.ok(BigInt(patched.metadata.resourceVersion) > BigInt(before.metadata.resourceVersion));
  operations.patched?.(patched);
  const updated = await resource.change(name, (draft) => {
    Object.assign(draft.metadata.annotations ?? {}, { updated: "true" });
    operations.update?.(draft);
  });
  assert.equal(updated.metadata.annotations?.["updated"], "true");
  operations.updated?.(updated);
}

/** Nothing but changes is told, and both of them. */
async function seesBoth(watch: TypedWatch): Promise<void> {
  for (const annotation of ["patched", "updated"]) {
    let object: Thing;
    do object = await watch.expect("MODIFIED");
    while (object.metadata.annotations?.[annotation] !== "true");
  }
}

function labelled<T extends { readonly metadata: object }>(object: T, value: string): T {
  const { labels = {} } = object.metadata as { labels?: object };
  return { ...object, metadata: { ...object.metadata, labels: { ...labels, [label]: value } } };
}

interface Group {
  readonly name: string;
  readonly versions: readonly { readonly groupVersion: string; readonly version: string }[];
}

/** The group in /apis, its version in /apis/GROUP, the resource in /apis/GROUP/VERSION. */
async function isDiscovered(http: HttpClient, operations: Operations, path: string): Promise<void> {
  const [, root, ...parts] = path.split("/");
  assert.equal(root, "apis");
  const [group, version, plural] = parts as [string, string, string];
  const json = async (from: string): Promise<unknown> => (await http.call({ path: from })).json;
  const { groups } = (await json("/apis")) as { groups: readonly Group[] };
  const listed = groups.find(({ name }) => name === group);
  assert.ok(
    listed?.versions.some((one) => one.version === version),
    `/apis has no ${group}/${version}`,
  );
  const own = (await json(`/apis/${group}`)) as Group;
  assert.ok(own.versions.some((one) => one.groupVersion === `${group}/${version}`));
  const { resources } = (await json(`/apis/${group}/${version}`)) as { resources: readonly { name: string }[] };
  const names = resources.map(({ name }) => name);
  for (const name of [plural, ...(operations.subresources ?? []).map((below) => `${plural}/${below}`)]) {
    assert.ok(names.includes(name), `/apis/${group}/${version} has no ${name}`);
  }
}

/** The request is refused with this code. */
export async function isRefused(request: Promise<unknown>, code: number, message?: RegExp): Promise<Refusal> {
  const error = await request.then(
    () => assert.fail("it was not refused"),
    (reason: unknown) => reason,
  );
  if (!(error instanceof Refusal)) throw error;
  assert.equal(error.code, code, error.message);
  if (message !== undefined) assert.match(String(error.status["message"]), message);
  return error;
}
