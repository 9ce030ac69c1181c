import type { FieldError } from "../../../apimachinery/field/error.ts";
import { forbidden, invalid, notSupported, required } from "../../../apimachinery/field/errors.ts";
import type { Path } from "../../../apimachinery/field/path.ts";
import { validateNamespaceName, validateServiceAccountName } from "../../../apimachinery/validation/names.ts";
import type * as types from "../../generated/types/flowcontrol-v1.ts";
import { addMessages } from "../../validation.ts";

// ValidateFlowSchemaPolicyRulesWithSubjects and what it calls (pkg/apis/flowcontrol/validation).

const verbs = ["create", "delete", "deletecollection", "get", "list", "patch", "proxy", "update", "watch"];

export function addRuleErrors(errors: FieldError[], rule: types.PolicyRulesWithSubjects, place: Path): void {
  const { subjects = [], resourceRules = [], nonResourceRules = [] } = rule;
  if (subjects.length === 0) {
    errors.push(required(place.child("subjects"), "subjects must contain at least one value"));
  }
  subjects.forEach((subject, i) => {
    addSubjectErrors(errors, subject, place.child("subjects").index(i));
  });
  if (resourceRules.length === 0 && nonResourceRules.length === 0) {
    errors.push(required(place, "at least one of resourceRules and nonResourceRules has to be non-empty"));
  }
  resourceRules.forEach((one, i) => {
    addResourceRuleErrors(errors, one, place.child("resourceRules").index(i));
  });
  nonResourceRules.forEach((one, i) => {
    addPathRuleErrors(errors, one, place.child("nonResourceRules").index(i));
  });
}

const members = { User: "user", Group: "group", ServiceAccount: "serviceAccount" } as const;
type SubjectKind = keyof typeof members;
/** In the order in which upstream forbids the other kinds' members. */
const others: Readonly<Record<SubjectKind, readonly SubjectKind[]>> = {
  ServiceAccount: ["User", "Group"],
  User: ["ServiceAccount", "Group"],
  Group: ["ServiceAccount", "User"],
};

function addSubjectErrors(errors: FieldError[], subject: types.Subject, place: Path): void {
  const { kind } = subject;
  if (!Object.hasOwn(members, kind)) {
    errors.push(notSupported(place.child("kind"), kind, ["Group", "ServiceAccount", "User"]));
    return;
  }
  const member = members[kind as SubjectKind];
  const value = subject[member];
  const at = place.child(member);
  if (value === undefined) errors.push(required(at, `${member} is required when subject kind is '${kind}'`));
  else if (kind === "ServiceAccount") addServiceAccountErrors(errors, subject.serviceAccount!, at);
  else if ((value.name ?? "") === "") errors.push(required(at.child("name")));
  for (const other of others[kind as SubjectKind]) {
    const name = members[other];
    if (subject[name] !== undefined) {
      errors.push(forbidden(place.child(name), `${name} is forbidden when subject kind is not '${other}'`));
    }
  }
}

function addServiceAccountErrors(
  errors: FieldError[],
  { name = "", namespace = "" }: Partial<types.ServiceAccountSubject>,
  place: Path,
): void {
  if (name === "") errors.push(required(place.child("name")));
  else if (name !== "*") addMessages(errors, validateServiceAccountName(name, false), place.child("name"), name);
  const at = place.child("namespace");
  if (namespace === "") errors.push(required(at, "must specify namespace for service account"));
  else addMessages(errors, validateNamespaceName(namespace, false), at, namespace);
}

function addVerbErrors(errors: FieldError[], list: readonly string[], place: Path): void {
  if (list.length === 0) errors.push(required(place, "verbs must contain at least one value"));
  else if (list.includes("*")) {
    if (list.length > 1) errors.push(invalid(place, list, "if '*' is present, must not specify other verbs"));
  } else if (list.some((verb) => !verbs.includes(verb))) errors.push(notSupported(place, list, verbs));
}

function addResourceRuleErrors(errors: FieldError[], rule: types.ResourcePolicyRule, place: Path): void {
  addVerbErrors(errors, rule.verbs ?? [], place.child("verbs"));
  const lists = [
    { field: "apiGroups", one: "api group", many: "api groups" },
    { field: "resources", one: "resource", many: "resources" },
  ] as const;
  for (const { field, one, many } of lists) {
    const list = rule[field] ?? [];
    const at = place.child(field);
    if (list.length === 0) errors.push(required(at, `resource rules must supply at least one ${one}`));
    else if (list.length > 1 && list.includes("*")) {
      errors.push(invalid(at, list, `if '*' is present, must not specify other ${many}`));
    }
  }
  addNamespaceErrors(errors, rule, place.child("namespaces"));
}

function addNamespaceErrors(
  errors: FieldError[],
  { namespaces = [], clusterScope }: types.ResourcePolicyRule,
  place: Path,
): void {
  if (namespaces.length === 0 && clusterScope !== true) {
    const detail = "resource rules that are not cluster scoped must supply at least one namespace";
    errors.push(required(place, detail));
  } else if (namespaces.includes("*")) {
    if (namespaces.length > 1) {
      errors.push(invalid(place, namespaces, "if '*' is present, must not specify other namespaces"));
    }
  } else {
    namespaces.forEach((namespace, i) => {
      for (const message of validateNamespaceName(namespace, false)) {
        const detail = `each member of this list must be '*' or a DNS-1123 label; ${message}`;
        errors.push(invalid(place.index(i), namespace, detail));
      }
    });
  }
}

function addPathRuleErrors(errors: FieldError[], rule: types.NonResourcePolicyRule, place: Path): void {
  addVerbErrors(errors, rule.verbs ?? [], place.child("verbs"));
  const urls = rule.nonResourceURLs ?? [];
  const at = place.child("nonResourceURLs");
  if (urls.length === 0) errors.push(required(at, "nonResourceURLs must contain at least one value"));
  else if (urls.includes("*")) {
    if (urls.length > 1) {
      errors.push(invalid(at, urls, "if '*' is present, must not specify other non-resource URLs"));
    }
  } else {
    urls.forEach((url, i) => {
      const wrong = urlProblem(url);
      if (wrong !== undefined) errors.push(invalid(at.index(i), url, wrong));
    });
  }
}

/** ValidateNonResourceURLPath. */
function urlProblem(url: string): string | undefined {
  if (url === "") return "must not be empty";
  if (url === "/") return undefined;
  if (!url.startsWith("/")) return "must start with slash";
  if (url.includes(" ")) return "must not contain white-space";
  if (url.includes("//")) return "must not contain double slash";
  const wildcards = url.split("*").length - 1;
  return wildcards > 1 || (wildcards === 1 && !url.endsWith("/*")) ? "wildcard can only do suffix matching" : undefined;
}
