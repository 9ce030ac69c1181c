import type { UserInfo } from "../../resource/object.ts";
import { parseFieldSelector } from "../../selectors/field-selector.ts";
import { parseLabelSelector, SelectorError } from "../../selectors/label-selector.ts";
import { nameIsDNSLabel, nameIsDNSSubdomain } from "../../validation/names.ts";
import { memberFunction } from "../check/function.ts";
import { boolType, stringType } from "../types/type.ts";
import { CelError } from "../values/error.ts";
import { OpaqueValue, type Result, type Value } from "../values/value.ts";
import type { Library } from "./library.ts";
import { closedType, receive } from "./values.ts";

export const authorizerType = closedType("kubernetes.authorization.Authorizer");
export const pathCheckType = closedType("kubernetes.authorization.PathCheck");
export const groupCheckType = closedType("kubernetes.authorization.GroupCheck");
export const resourceCheckType = closedType("kubernetes.authorization.ResourceCheck");
export const decisionType = closedType("kubernetes.authorization.Decision");

/** What an expression asks: fields as in a SubjectAccessReview. */
export interface AccessQuestion {
  readonly user: UserInfo;
  readonly verb: string;
  readonly isResourceRequest: boolean;
  readonly path: string;
  readonly group: string;
  readonly version: string;
  readonly resource: string;
  readonly subresource: string;
  readonly namespace: string;
  readonly name: string;
  readonly fieldSelector?: string;
  readonly labelSelector?: string;
}

export interface AccessAnswer {
  readonly allowed: boolean;
  readonly reason: string;
  readonly error?: string;
}

/** Decides at once: evaluation is synchronous. What it throws ends the evaluation. */
export type AccessCheck = (question: AccessQuestion) => AccessAnswer;

abstract class ReceiverOnly extends OpaqueValue {
  equals(other: Value): boolean {
    return this === other;
  }
}

/** The variable `authorizer`. */
export class AuthorizerValue extends ReceiverOnly {
  readonly type = authorizerType;
  readonly user: UserInfo;
  readonly check: AccessCheck;

  constructor(user: UserInfo, check: AccessCheck) {
    super();
    this.user = user;
    this.check = check;
  }
}

class PathCheck extends ReceiverOnly {
  readonly type = pathCheckType;
  readonly authorizer: AuthorizerValue;
  readonly path: string;

  constructor(authorizer: AuthorizerValue, path: string) {
    super();
    this.authorizer = authorizer;
    this.path = path;
  }
}

class GroupCheck extends ReceiverOnly {
  readonly type = groupCheckType;
  readonly authorizer: AuthorizerValue;
  readonly group: string;

  constructor(authorizer: AuthorizerValue, group: string) {
    super();
    this.authorizer = authorizer;
    this.group = group;
  }
}

export interface CheckedResource {
  readonly group: string;
  readonly resource: string;
  readonly subresource?: string;
  readonly namespace?: string;
  readonly name?: string;
  readonly fieldSelector?: string;
  readonly labelSelector?: string;
}

/** The variable `authorizer.requestResource`, and what `authorizer.group(g).resource(r)` answers. */
export class ResourceCheck extends ReceiverOnly {
  readonly type = resourceCheckType;
  readonly authorizer: AuthorizerValue;
  readonly resource: CheckedResource;

  constructor(authorizer: AuthorizerValue, resource: CheckedResource) {
    super();
    this.authorizer = authorizer;
    this.resource = resource;
  }

  with(change: Partial<CheckedResource>): ResourceCheck {
    return new ResourceCheck(this.authorizer, { ...this.resource, ...change });
  }
}

class DecisionValue extends ReceiverOnly {
  readonly type = decisionType;
  readonly answer: AccessAnswer;

  constructor(answer: AccessAnswer) {
    super();
    this.answer = answer;
  }
}

const none = { path: "", group: "", version: "", resource: "", subresource: "", namespace: "", name: "" } as const;

function serviceAccount(authorizer: AuthorizerValue, [namespace, name]: readonly Value[]): Result {
  if (nameIsDNSSubdomain(name as string, false).length > 0) return new CelError("Invalid service account name");
  if (nameIsDNSLabel(namespace as string, false).length > 0) return new CelError("Invalid service account namespace");
  const user: UserInfo = {
    username: `system:serviceaccount:${namespace}:${name}`,
    groups: ["system:serviceaccounts", `system:serviceaccounts:${namespace}`],
  };
  return new AuthorizerValue(user, authorizer.check);
}

function checkPath({ authorizer, path }: PathCheck, [verb]: readonly Value[]): Result {
  return new DecisionValue(
    authorizer.check({ ...none, user: authorizer.user, verb: verb as string, isResourceRequest: false, path }),
  );
}

function checkResource({ authorizer, resource }: ResourceCheck, [verb]: readonly Value[]): Result {
  const question = {
    ...none,
    ...resource,
    version: "*",
    user: authorizer.user,
    verb: verb as string,
    isResourceRequest: true,
  };
  return new DecisionValue(authorizer.check(question));
}

/** A selector that cannot be parsed is told when the check is made, as an error of its decision. */
function isSelector(parse: (text: string) => unknown, text: string): boolean {
  try {
    parse(text);
    return true;
  } catch (error) {
    if (error instanceof SelectorError) return false;
    throw error;
  }
}

const r = resourceCheckType;
const s = stringType;

/** Upstream: apiserver/pkg/cel/library/authz.go. */
export const authorizerLibrary: Library = {
  name: "kubernetes.authz",
  types: new Map(
    [authorizerType, pathCheckType, groupCheckType, resourceCheckType, decisionType].map((type) => [type.name, type]),
  ),
  functions: [
    memberFunction("path", [
      "authorizer_path",
      [authorizerType, s],
      pathCheckType,
      receive(AuthorizerValue, (authorizer, [path]) =>
        (path as string).trim() === ""
          ? new CelError("path must not be empty")
          : new PathCheck(authorizer, path as string),
      ),
    ]),
    memberFunction("group", [
      "authorizer_group",
      [authorizerType, s],
      groupCheckType,
      receive(AuthorizerValue, (authorizer, [group]) => new GroupCheck(authorizer, group as string)),
    ]),
    memberFunction("serviceAccount", [
      "authorizer_serviceaccount",
      [authorizerType, s, s],
      authorizerType,
      receive(AuthorizerValue, serviceAccount),
    ]),
    memberFunction("resource", [
      "groupcheck_resource",
      [groupCheckType, s],
      r,
      receive(GroupCheck, ({ authorizer, group }, [resource]) =>
        (resource as string).trim() === ""
          ? new CelError("resource must not be empty")
          : new ResourceCheck(authorizer, { group, resource: resource as string }),
      ),
    ]),
    memberFunction("subresource", [
      "resourcecheck_subresource",
      [r, s],
      r,
      receive(ResourceCheck, (check, [value]) => check.with({ subresource: value as string })),
    ]),
    memberFunction("namespace", [
      "resourcecheck_namespace",
      [r, s],
      r,
      receive(ResourceCheck, (check, [value]) => check.with({ namespace: value as string })),
    ]),
    memberFunction("name", [
      "resourcecheck_name",
      [r, s],
      r,
      receive(ResourceCheck, (check, [value]) => check.with({ name: value as string })),
    ]),
    memberFunction("fieldSelector", [
      "authorizer_fieldselector",
      [r, s],
      r,
      receive(ResourceCheck, (check, [value]) =>
        isSelector(parseFieldSelector, value as string) ? check.with({ fieldSelector: value as string }) : check,
      ),
    ]),
    memberFunction("labelSelector", [
      "authorizer_labelselector",
      [r, s],
      r,
      receive(ResourceCheck, (check, [value]) =>
        isSelector(parseLabelSelector, value as string) ? check.with({ labelSelector: value as string }) : check,
      ),
    ]),
    memberFunction(
      "check",
      ["pathcheck_check", [pathCheckType, s], decisionType, receive(PathCheck, checkPath)],
      ["resourcecheck_check", [r, s], decisionType, receive(ResourceCheck, checkResource)],
    ),
    memberFunction("errored", [
      "decision_errored",
      [decisionType],
      boolType,
      receive(DecisionValue, ({ answer }) => answer.error !== undefined),
    ]),
    memberFunction("error", [
      "decision_error",
      [decisionType],
      s,
      receive(DecisionValue, ({ answer }) => answer.error ?? ""),
    ]),
    memberFunction("allowed", [
      "decision_allowed",
      [decisionType],
      boolType,
      receive(DecisionValue, ({ answer }) => answer.allowed),
    ]),
    memberFunction("reason", [
      "decision_reason",
      [decisionType],
      s,
      receive(DecisionValue, ({ answer }) => answer.reason),
    ]),
  ],
};
