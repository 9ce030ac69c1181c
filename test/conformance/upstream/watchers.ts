import assert from "node:assert/strict";
import { test } from "node:test";
import type { Thing, TypedResource, TypedWatch } from "../../support/typed-client.ts";
import { describeUpstream } from "../../support/upstream.ts";

const key = "watch-this-configmap";
const labelled = (name: string, value: string): object => ({ metadata: { name, labels: { [key]: value } } });
const mutate = (configMaps: TypedResource, name: string, mutation: string): Promise<Thing> =>
  configMaps.change(name, (draft) => Object.assign(draft, { data: { ...draft["data"], mutation } }));

async function told(watch: TypedWatch, type: string, object?: Thing): Promise<Thing> {
  const seen = await watch.expect(type);
  if (object !== undefined) assert.deepEqual(seen, object);
  return seen;
}

describeUpstream("Watchers", (use) => {
  const watchOf = (configMaps: TypedResource, values: readonly string[], resourceVersion = ""): Promise<TypedWatch> =>
    configMaps.watch({ labelSelector: `${key} in (${values.join(",")})`, resourceVersion });

  test("should observe add, update, and delete watch notifications on configmaps", async () => {
    const configMaps = use.typed("configmaps", await use.makeNamespace());
    const [a, b, both] = await Promise.all([
      watchOf(configMaps, ["A"]),
      watchOf(configMaps, ["B"]),
      watchOf(configMaps, ["A", "B"]),
    ]);
    const created = await configMaps.create(labelled("a", "A"));
    const once = await mutate(configMaps, "a", "1");
    const twice = await mutate(configMaps, "a", "2");
    const gone = await configMaps.delete("a");
    assert.equal(gone["status"], "Success");
    for (const watch of [a, both]) {
      await told(watch, "ADDED", created);
      await told(watch, "MODIFIED", once);
      await told(watch, "MODIFIED", twice);
      const last = await told(watch, "DELETED");
      assert.equal(last["data"].mutation, "2");
      assert.ok(Number(last.metadata.resourceVersion) > Number(twice.metadata.resourceVersion));
    }
    const other = await configMaps.create(labelled("b", "B"));
    await configMaps.delete("b");
    for (const watch of [b, both]) {
      await told(watch, "ADDED", other);
      await told(watch, "DELETED");
    }
    const last = await configMaps.create(labelled("c", "A"));
    await told(a, "ADDED", last);
    for (const watch of [a, b, both]) watch.stop();
  });

  test("should be able to start watching from a specific resource version", async () => {
    const configMaps = use.typed("configmaps", await use.makeNamespace());
    await configMaps.create(labelled("past", "past"));
    const first = await mutate(configMaps, "past", "1");
    const second = await mutate(configMaps, "past", "2");
    await configMaps.delete("past");
    const watch = await watchOf(configMaps, ["past"], first.metadata.resourceVersion);
    await told(watch, "MODIFIED", second);
    await told(watch, "DELETED");
    watch.stop();
  });

  test("should be able to restart watching from the last resource version observed by the previous watch", async () => {
    const configMaps = use.typed("configmaps", await use.makeNamespace());
    const broken = await watchOf(configMaps, ["again"]);
    const created = await configMaps.create(labelled("again", "again"));
    await mutate(configMaps, "again", "1");
    await told(broken, "ADDED", created);
    const { metadata } = await told(broken, "MODIFIED");
    broken.stop();
    const second = await mutate(configMaps, "again", "2");
    const restarted = await watchOf(configMaps, ["again"], metadata.resourceVersion);
    await configMaps.delete("again");
    await told(restarted, "MODIFIED", second);
    await told(restarted, "DELETED");
    restarted.stop();
  });

  test("should observe an object deletion if it stops meeting the requirements of the selector", async () => {
    const configMaps = use.typed("configmaps", await use.makeNamespace());
    const watch = await watchOf(configMaps, ["right"]);
    const label = (value: string): Promise<Thing> =>
      configMaps.change("changed", ({ metadata }) => Object.assign(metadata.labels ?? {}, { [key]: value }));
    const created = await configMaps.create(labelled("changed", "right"));
    const first = await mutate(configMaps, "changed", "1");
    const left = await label("wrong");
    await told(watch, "ADDED", created);
    await told(watch, "MODIFIED", first);
    const last = await told(watch, "DELETED");
    // The object as the selector last met it, at the revision of its leaving.
    assert.deepEqual(
      [last.metadata.labels?.[key], last.metadata.resourceVersion],
      ["right", left.metadata.resourceVersion],
    );
    await mutate(configMaps, "changed", "2");
    const restored = await label("right");
    const third = await mutate(configMaps, "changed", "3");
    await configMaps.delete("changed");
    await told(watch, "ADDED", restored);
    await told(watch, "MODIFIED", third);
    await told(watch, "DELETED");
    watch.stop();
  });

  test("should receive events on concurrent watches in same order", async () => {
    const configMaps = use.typed("configmaps", await use.makeNamespace());
    const first = await configMaps.watch();
    const producing = (async () => {
      for (let i = 0; i < 60; i++) {
        const name = `cm-${i % 7}`;
        const there = await configMaps.list({ fieldSelector: `metadata.name=${name}` });
        if (there.items.length === 0) await configMaps.create({ metadata: { name } });
        else if (i % 3 === 0) await configMaps.delete(name);
        else await mutate(configMaps, name, String(i));
      }
    })();
    const watches = [first];
    const versions: string[] = [];
    const summary = ({ type, object }: { type: string; object: Thing }): string =>
      `${type} ${object.metadata.name} ${object.metadata.resourceVersion}`;
    for (let i = 0; i < 60; i++) {
      const event = await first.next();
      versions.push(summary(event));
      if (i % 6 === 0) watches.push(await configMaps.watch({ resourceVersion: event.object.metadata.resourceVersion }));
    }
    await producing;
    for (const [i, watch] of watches.slice(1).entries()) {
      const rest: string[] = [];
      for (let n = i * 6 + 1; n < 60; n++) rest.push(summary(await watch.next()));
      assert.deepEqual(rest, versions.slice(i * 6 + 1));
    }
    for (const watch of watches) watch.stop();
  });
});
