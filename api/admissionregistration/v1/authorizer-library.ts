import {
  boolType,
  CelError,
  type CelType,
  type Library,
  memberFunction,
  OpaqueValue,
  opaqueType,
  stringType,
} from "../../../apimachinery/cel/mod.ts";
import { validateNamespaceName, validateServiceAccountName } from "../../../apimachinery/validation/names.ts";

// `authorizer` in expressions: apiserver/pkg/cel/library/authz.go.

/** What is asked: may this user do that? */
export interface Check {
  /** Absent: whoever makes the request. */
  readonly serviceAccount?: { readonly namespace: string; readonly name: string };
  readonly verb: string;
  /** Set: the check is of a path and of no resource. */
  readonly path?: string;
  readonly group: string;
  readonly resource: string;
  readonly subresource: string;
  readonly namespace: string;
  readonly name: string;
  readonly fieldSelector: string;
  readonly labelSelector: string;
}

export interface CheckResult {
  readonly allowed: boolean;
  readonly reason: string;
  readonly error?: string;
}

/** Answers at once; may throw to end the evaluation. */
export type AskAuthorizer = (check: Check) => CheckResult;

const typeOf = (name: string): CelType => opaqueType(`kubernetes.authorization.${name}`);
export const authorizerType: CelType = typeOf("Authorizer");
export const resourceCheckType: CelType = typeOf("ResourceCheck");
const pathCheckType = typeOf("PathCheck");
const groupCheckType = typeOf("GroupCheck");
const decisionType = typeOf("Decision");

/** A check in the making: of any of the four types. */
class CheckValue extends OpaqueValue {
  readonly type: CelType;
  readonly ask: AskAuthorizer;
  readonly check: Partial<Check>;

  constructor(type: CelType, ask: AskAuthorizer, check: Partial<Check>) {
    super();
    this.type = type;
    this.ask = ask;
    this.check = check;
  }

  equals(other: unknown): boolean {
    return other === this;
  }

  with(change: Partial<Check>, type: CelType = this.type): CheckValue {
    return new CheckValue(type, this.ask, { ...this.check, ...change });
  }

  run(verb: string): DecisionValue {
    const none = { group: "", resource: "", subresource: "", namespace: "", name: "" };
    return new DecisionValue(this.ask({ ...none, fieldSelector: "", labelSelector: "", ...this.check, verb }));
  }
}

class DecisionValue extends OpaqueValue {
  readonly type: CelType = decisionType;
  readonly result: CheckResult;

  constructor(result: CheckResult) {
    super();
    this.result = result;
  }

  equals(other: unknown): boolean {
    return other === this;
  }
}

/** The value of `authorizer`. */
export function authorizerValue(ask: AskAuthorizer): OpaqueValue {
  return new CheckValue(authorizerType, ask, {});
}

/** The value of `authorizer.requestResource`. */
export function resourceCheckValue(
  ask: AskAuthorizer,
  check: Pick<Check, "group" | "resource" | "subresource" | "namespace" | "name">,
): OpaqueValue {
  return new CheckValue(resourceCheckType, ask, check);
}

type Texts = readonly unknown[];
const self = (args: Texts): CheckValue => args[0] as CheckValue;
const text = (args: Texts, index = 1): string => args[index] as string;
const decided = (args: Texts): CheckResult => (args[0] as DecisionValue).result;
/** Sets a field of a resource check. */
const setting = (id: string, field: keyof Check) =>
  [
    id,
    [resourceCheckType, stringType],
    resourceCheckType,
    (args: Texts) => self(args).with({ [field]: text(args) }),
  ] as const;

function serviceAccount(args: Texts): CheckValue | CelError {
  const [namespace, name] = [text(args, 1), text(args, 2)];
  if (validateServiceAccountName(name, false).length > 0) return new CelError("Invalid service account name");
  if (validateNamespaceName(namespace, false).length > 0) return new CelError("Invalid service account namespace");
  return self(args).with({ serviceAccount: { namespace, name } });
}

const run = (args: Texts): DecisionValue => self(args).run(text(args));

export const authorizerLibrary: Library = {
  name: "kubernetes.authz",
  types: new Map(
    [authorizerType, pathCheckType, groupCheckType, resourceCheckType, decisionType].map((type) => [type.name, type]),
  ),
  functions: [
    memberFunction("path", [
      "authorizer_path",
      [authorizerType, stringType],
      pathCheckType,
      (args) =>
        text(args).trim() === ""
          ? new CelError("path must not be empty")
          : self(args).with({ path: text(args) }, pathCheckType),
    ]),
    memberFunction("group", [
      "authorizer_group",
      [authorizerType, stringType],
      groupCheckType,
      (args) => self(args).with({ group: text(args) }, groupCheckType),
    ]),
    memberFunction("serviceAccount", [
      "authorizer_serviceaccount",
      [authorizerType, stringType, stringType],
      authorizerType,
      serviceAccount,
    ]),
    memberFunction("resource", [
      "groupcheck_resource",
      [groupCheckType, stringType],
      resourceCheckType,
      (args) =>
        text(args).trim() === ""
          ? new CelError("resource must not be empty")
          : self(args).with({ resource: text(args) }, resourceCheckType),
    ]),
    memberFunction("subresource", setting("resourcecheck_subresource", "subresource")),
    memberFunction("namespace", setting("resourcecheck_namespace", "namespace")),
    memberFunction("name", setting("resourcecheck_name", "name")),
    memberFunction("fieldSelector", setting("authorizer_fieldselector", "fieldSelector")),
    memberFunction("labelSelector", setting("authorizer_labelselector", "labelSelector")),
    memberFunction(
      "check",
      ["pathcheck_check", [pathCheckType, stringType], decisionType, run],
      ["resourcecheck_check", [resourceCheckType, stringType], decisionType, run],
    ),
    memberFunction("errored", [
      "decision_errored",
      [decisionType],
      boolType,
      (args) => decided(args).error !== undefined,
    ]),
    memberFunction("error", ["decision_error", [decisionType], stringType, (args) => decided(args).error ?? ""]),
    memberFunction("allowed", ["decision_allowed", [decisionType], boolType, (args) => decided(args).allowed]),
    memberFunction("reason", ["decision_reason", [decisionType], stringType, (args) => decided(args).reason]),
  ],
};
