import assert from "node:assert/strict";
import { test } from "node:test";
import { changed, errorsOf, prepared, problems, row } from "../../test-support.ts";
import { Namespace } from "./namespace.ts";

const created = (spec: object = {}) => prepared(Namespace, { metadata: { name: "a" }, spec });

test("a new namespace is active, held by kubernetes and labelled with its name", () => {
  const namespace = created();
  assert.deepEqual(namespace.spec.finalizers, ["kubernetes"]);
  assert.deepEqual(namespace.metadata.labels, { "kubernetes.io/metadata.name": "a" });
  assert.deepEqual(namespace.status, { phase: "Active" });
  assert.deepEqual(created({ finalizers: ["example.com/a"] }).spec.finalizers, ["example.com/a", "kubernetes"]);
  assert.deepEqual(row(Namespace, namespace), { Name: "a", Status: "Active", Age: "<unknown>" });
  assert.equal(Namespace.fieldSelectors["status.phase"]?.(namespace), "Active");
});

test("an update of a namespace keeps its finalizers and its label, which `finalize` alone changes", () => {
  const old = created();
  const update = prepared(Namespace, { metadata: { name: "a" }, spec: { finalizers: [] } }, old);
  assert.deepEqual(update.spec.finalizers, ["kubernetes"]);
  assert.deepEqual(update.metadata.labels, { "kubernetes.io/metadata.name": "a" });
  const wanted = { metadata: { name: "a" }, spec: {}, status: { phase: "Terminating" } };
  const finalized = prepared(Namespace, wanted, old, { subresource: "finalize" });
  assert.equal(finalized.spec.finalizers, undefined);
  assert.equal(finalized.status.phase, "Active");
});

test("a finalizer has a domain or is Kubernetes' own", () => {
  assert.deepEqual(problems(Namespace, { metadata: { name: "a" }, spec: { finalizers: ["example.com/a"] } }), []);
  assert.deepEqual(problems(Namespace, { metadata: { name: "a" }, spec: { finalizers: ["mine"] } }), [
    'spec.finalizers: Invalid value: "mine": name is neither a standard finalizer name nor is it fully qualified',
  ]);
});

test("a namespace is held while it has finalizers, and is Terminating meanwhile", () => {
  const namespace = created();
  assert.equal(Namespace.deletionHold?.isHeld(namespace), true);
  assert.equal(
    Namespace.deletionHold?.isHeld(
      changed(namespace, ({ spec }) => {
        delete spec.finalizers;
      }),
    ),
    false,
  );
  const options = { subresource: "status" };
  const terminating = changed(namespace, (draft) => Namespace.deletionHold!.mark(draft));
  assert.deepEqual(errorsOf(Namespace, terminating, namespace, options), [
    "status.Phase: Invalid value: \"Terminating\": may only be 'Active' if `deletionTimestamp` is empty",
  ]);
  const deleted = changed(terminating, ({ metadata }) => {
    metadata.deletionTimestamp = "2026-01-02T11:00:00Z";
  });
  assert.deepEqual(errorsOf(Namespace, deleted, namespace, options), []);
});
