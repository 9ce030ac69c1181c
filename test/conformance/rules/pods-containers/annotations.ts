import { notQualifiedName } from "../messages.ts";
import { forbidden, invalid, type JsonObject, type KindRules, type Rule, refused } from "../rule.ts";
import { init, main, pod, podTemplate } from "./pod.ts";

const at = (key: string): string => `metadata.annotations[${key}]`;
const mirror = "kubernetes.io/config.mirror";
const cost = "controller.kubernetes.io/pod-deletion-cost";
const tolerations = "scheduler.alpha.kubernetes.io/tolerations";
const seccomp = "seccomp.security.alpha.kubernetes.io/pod";
const seccompOfMain = "container.seccomp.security.alpha.kubernetes.io/main";
const appArmor = "container.apparmor.security.beta.kubernetes.io/";
const notCost = (text: string) => refused({ [at(cost)]: text }, invalid(at(cost), text, "must be a 32bit integer"));
const unread = (text: string, problem: string) =>
  refused({ [at(tolerations)]: text }, invalid("metadata.annotations", tolerations, problem));
const annotated = (key: string, text: string, place: string, field: JsonObject) => ({
  [at(key)]: text,
  [place]: field,
});

/** One profile, said by an annotation of old and by a field. */
function agreeRules(key: string, place: string, what: "seccomp" | "apparmor"): readonly Rule[] {
  const type = forbidden(`${place}.type`, `${what} type in annotation and field must match`);
  const name = forbidden(`${place}.localhostProfile`, `${what} profile in annotation and field must match`);
  const local = { type: "Localhost", localhostProfile: "a" };
  const inUse = { type: "RuntimeDefault" };
  const docker = annotated(key, "docker/default", place, inUse);
  return [
    {
      says: `${place} says the same as the annotation ${key}`,
      accepts: [
        annotated(key, "unconfined", place, { type: "Unconfined" }),
        annotated(key, "runtime/default", place, inUse),
        annotated(key, "localhost/a", place, local),
        ...(what === "seccomp" ? [docker] : []),
      ],
      refuses: [
        refused(annotated(key, "runtime/default", place, { type: "Unconfined" }), type),
        refused(annotated(key, "unconfined", place, inUse), type),
        refused(annotated(key, "unconfined", place, local), type),
        refused(annotated(key, "localhost/b", place, local), name),
      ],
    },
  ];
}

export const annotations: KindRules = {
  ...pod,
  create: [
    {
      says: "a pod that a kubelet reads from a file has a node",
      accepts: { [at(mirror)]: "a", "spec.nodeName": "b" },
      refuses: refused(
        { [at(mirror)]: "a" },
        invalid(at(mirror), "a", "must set spec.nodeName if mirror pod annotation is set"),
      ),
    },
    {
      says: "the cost of deletion is a number of 32 bits",
      accepts: ["0", "-1", "2147483647", "-2147483648", "-01"].map((text) => ({ [at(cost)]: text })),
      refuses: ["", "+1", "01", "a", "1.5", "2147483648", "-2147483649", "-"].map(notCost),
    },
    {
      says: "tolerations may be written as JSON",
      accepts: [
        "",
        "null",
        "[]",
        '[{"key":"a","Operator":"Exists","VALUE":null,"other":1}]',
        '[{"operator":"Exists","effect":"NoExecute","tolerationSeconds":1}]',
      ].map((text) => ({ [at(tolerations)]: text })),
      refuses: [
        refused(
          { [at(tolerations)]: "[null]" },
          invalid(
            `metadata.annotations.${tolerations}[0].operator`,
            "",
            'operator must be Exists when `key` is empty, which means "match all values and all keys"',
          ),
        ),
        unread("a", "invalid character 'a' looking for beginning of value"),
        unread("[", "unexpected end of JSON input"),
        unread("{}", "json: cannot unmarshal object into Go value of type []core.Toleration"),
        unread('"a"', "json: cannot unmarshal string into Go value of type []core.Toleration"),
        unread("[true]", "json: cannot unmarshal bool into Go value of type core.Toleration"),
        unread('[{"key":1}]', "json: cannot unmarshal number into Go struct field Toleration.Key of type string"),
        unread(
          '[{"operator":[]}]',
          "json: cannot unmarshal array into Go struct field Toleration.Operator of type core.TolerationOperator",
        ),
        unread(
          '[{"effect":{}}]',
          "json: cannot unmarshal object into Go struct field Toleration.Effect of type core.TaintEffect",
        ),
        unread(
          '[{"tolerationSeconds":"1"}]',
          "json: cannot unmarshal string into Go struct field Toleration.TolerationSeconds of type int64",
        ),
        unread(
          '[{"tolerationSeconds":1.5}]',
          "json: cannot unmarshal number 1.5 into Go struct field Toleration.TolerationSeconds of type int64",
        ),
        refused(
          { [at(tolerations)]: '[{"key":"a b"}]' },
          invalid(`metadata.annotations.${tolerations}[0].key`, "a b", notQualifiedName),
        ),
      ],
    },
    ...[seccomp, seccompOfMain].map((key) => ({
      says: `the annotation ${key} is a profile`,
      accepts: ["runtime/default", "docker/default", "unconfined", "localhost/a/b"].map((text) => ({
        [at(key)]: text,
      })),
      refuses: [
        refused({ [at(key)]: "a" }, invalid(`metadata.annotations.${key}`, "a", "must be a valid seccomp profile")),
        refused({ [at(key)]: "localhost//a" }, invalid(`metadata.annotations.${key}`, "/a", "must be a relative path")),
        refused(
          { [at(key)]: "localhost/../a" },
          invalid(`metadata.annotations.${key}`, "../a", "must not contain '..'"),
        ),
      ],
    })),
    {
      says: "an annotation of AppArmor is of a container",
      accepts: [
        { [at(`${appArmor}main`)]: "unconfined" },
        { [at(`${appArmor}init`)]: "unconfined", [init]: { name: "init", image: "a" } },
      ],
      refuses: refused(
        { [at(`${appArmor}other`)]: "unconfined" },
        invalid(at(`${appArmor}other`), "other", "container not found"),
      ),
    },
    {
      says: "an annotation of AppArmor is a profile",
      accepts: ["", "runtime/default", "unconfined", "localhost/a"].map((text) => ({
        [at(`${appArmor}main`)]: text,
      })),
      refuses: refused(
        { [at(`${appArmor}main`)]: 'a"' },
        invalid(at(`${appArmor}main`), 'a"', 'invalid AppArmor profile name: "a\\""'),
      ),
    },
    ...agreeRules(seccomp, "spec.securityContext.seccompProfile", "seccomp"),
    ...agreeRules(seccompOfMain, `${main}.securityContext.seccompProfile`, "seccomp"),
    ...agreeRules(`${appArmor}main`, `${main}.securityContext.appArmorProfile`, "apparmor"),
  ],
  update: [
    {
      says: "annotations of AppArmor stay as they are",
      stored: { [at(`${appArmor}main`)]: "unconfined" },
      accepts: { "metadata.annotations.other": "a" },
      refuses: [
        refused(
          { [at(`${appArmor}main`)]: "runtime/default" },
          forbidden(at(`${appArmor}main`), "may not remove or update AppArmor annotations"),
        ),
        refused(
          { "metadata.annotations": undefined },
          forbidden(at(`${appArmor}main`), "may not remove or update AppArmor annotations"),
        ),
      ],
    },
    {
      says: "no annotation of AppArmor is added",
      stored: { "metadata.annotations.other": "a" },
      accepts: { "metadata.annotations.more": "b" },
      refuses: refused(
        { [at(`${appArmor}main`)]: "unconfined" },
        forbidden(at(`${appArmor}main`), "may not add AppArmor annotations"),
      ),
    },
    {
      says: "that a kubelet reads a pod from a file stays so",
      stored: { [at(mirror)]: "a", "spec.nodeName": "b" },
      accepts: { "metadata.annotations.other": "a" },
      refuses: [
        refused({ [at(mirror)]: "b" }, forbidden(at(mirror), "may not remove or update mirror pod annotation")),
        refused({ [at(mirror)]: undefined }, forbidden(at(mirror), "may not remove or update mirror pod annotation")),
      ],
    },
    {
      says: "no pod comes to be read from a file",
      stored: { "spec.nodeName": "b" },
      accepts: { "metadata.annotations.other": "a" },
      refuses: refused({ [at(mirror)]: "a" }, forbidden(at(mirror), "may not add mirror pod annotation")),
    },
  ],
};

export const templateMetadata: KindRules = {
  ...podTemplate,
  create: [
    {
      says: "a template's labels are ones",
      accepts: { "template.metadata.labels": { "a.b/c": "d" } },
      refuses: refused(
        { "template.metadata.labels": { "a b": "c" } },
        invalid("template.labels", "a b", notQualifiedName),
      ),
    },
    {
      says: "a template's annotations have proper keys",
      accepts: { "template.metadata.annotations": { "A.b/c": "d e" } },
      refuses: refused(
        { "template.metadata.annotations": { "a b": "c" } },
        invalid("template.annotations", "a b", notQualifiedName),
      ),
    },
    {
      says: "what annotations say of a pod they say of a template",
      accepts: { [`template.${at(cost)}`]: "1" },
      refuses: [
        refused(
          { [`template.${at(cost)}`]: "a" },
          invalid(`template.annotations[${cost}]`, "a", "must be a 32bit integer"),
        ),
        refused(
          {
            [`template.${at(seccomp)}`]: "unconfined",
            "template.spec.securityContext.seccompProfile.type": "RuntimeDefault",
          },
          forbidden(
            "template.spec.securityContext.seccompProfile.type",
            "seccomp type in annotation and field must match",
          ),
        ),
      ],
    },
    {
      says: "the AppArmor profile of all is its containers', but for Windows",
      accepts: [
        {
          [`template.${at(`${appArmor}main`)}`]: "unconfined",
          "template.spec.securityContext.appArmorProfile.type": "Unconfined",
        },
        { [`template.${at(`${appArmor}main`)}`]: "unconfined", "template.spec.os.name": "windows" },
      ],
      refuses: refused(
        {
          [`template.${at(`${appArmor}main`)}`]: "unconfined",
          "template.spec.securityContext.appArmorProfile.type": "RuntimeDefault",
        },
        forbidden(
          `template.${main}.securityContext.appArmorProfile.type`,
          "apparmor type in annotation and field must match",
        ),
      ),
    },
    {
      says: "a template has no ephemeral containers",
      accepts: { "template.spec.ephemeralContainers": [] },
      refuses: refused(
        { "template.spec.ephemeralContainers": [{ name: "debug", image: "a" }] },
        forbidden("template.spec.ephemeralContainers", "ephemeral containers not allowed in pod template"),
      ),
    },
  ],
};
