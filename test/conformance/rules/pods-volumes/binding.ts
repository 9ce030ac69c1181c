import { failure } from "../../../support/conformance.ts";
import { type KindRules, type Rule, refusedWith } from "../rule.ts";

/** A pod that waits for a node; every binding here is a dry run. */
export const unboundPod = {
  metadata: { name: "unbound" },
  spec: { containers: [{ name: "main", image: "a" }] },
};

const valid = { metadata: { name: "unbound" }, target: { kind: "Node", name: "n" } };

/** Upstream's errors here are no Status of their own. */
function noStatus(message: string): object {
  return { kind: "Status", apiVersion: "v1", metadata: {}, status: "Failure", message, code: 500 };
}

const target: readonly Rule[] = [
  {
    says: "a pod is bound to a node",
    accepts: [{ "target.kind": "" }, { "target.apiVersion": "v2" }],
    refuses: [
      refusedWith(
        { "target.kind": "Minion" },
        noStatus('target.kind: Unsupported value: "Minion": supported values: "Node", "<empty>"'),
      ),
      refusedWith({ "target.name": "" }, noStatus("target.name: Required value")),
      refusedWith(
        { target: { kind: "Minion" } },
        noStatus(
          '[target.kind: Unsupported value: "Minion": supported values: "Node", "<empty>", target.name: Required value]',
        ),
      ),
    ],
  },
];

const conflict = (text: string): object =>
  failure(409, "Conflict", `Operation cannot be fulfilled on pods/binding "bound": ${text}`, {
    name: "bound",
    kind: "pods/binding",
  });
/** A pod that has a node. */
export const boundPod = { ...unboundPod, metadata: { name: "bound" }, spec: { ...unboundPod.spec, nodeName: "n" } };
/** A pod that is held back. */
export const gatedPod = {
  ...unboundPod,
  metadata: { name: "gated" },
  spec: { ...unboundPod.spec, schedulingGates: [{ name: "g" }] },
};
const once: readonly Rule[] = [
  {
    says: "a pod is bound once, and when nothing holds it back",
    // Only the younger way looks at a UID.
    accepts: { "metadata.annotations": { a: "b" }, "metadata.uid": "other" },
    refuses: [
      refusedWith({ "metadata.name": "bound" }, conflict('pod bound is already assigned to node "n"')),
      refusedWith(
        { "metadata.name": "gated" },
        failure(
          409,
          "Conflict",
          'Operation cannot be fulfilled on pods/binding "gated": pod gated has non-empty .spec.schedulingGates',
          { name: "gated", kind: "pods/binding" },
        ),
      ),
      refusedWith(
        { "metadata.name": "nobody" },
        failure(404, "NotFound", 'pods "nobody" not found', { name: "nobody", kind: "pods" }),
      ),
    ],
  },
];

const pods = "/api/v1/namespaces/default/pods";
const otherName = (kind: string): Rule => ({
  says: "the names in address and object are one",
  accepts: {},
  refuses: ["", "other"].map((name) =>
    refusedWith(
      { "metadata.name": name },
      failure(400, "BadRequest", `name in URL does not match name in ${kind} object`),
    ),
  ),
});

export const podBinding: KindRules = {
  group: "",
  kind: "Binding",
  path: `${pods}/unbound/binding`,
  valid,
  create: [...target, otherName("Binding")],
};

/** The older way. */
export const binding: KindRules = {
  group: "",
  kind: "Binding",
  path: "/api/v1/namespaces/default/bindings",
  valid,
  create: [...target, ...once],
};

export const eviction: KindRules = {
  group: "policy",
  kind: "Eviction",
  path: `${pods}/unbound/eviction`,
  valid: { apiVersion: "policy/v1", kind: "Eviction", metadata: { name: "unbound" } },
  create: [otherName("Eviction")],
};
