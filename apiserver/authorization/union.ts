import { formatAggregate } from "../../apimachinery/field/errors.ts";
import type { UserInfo } from "../../apimachinery/resource/object.ts";
import { groupMasters } from "../authentication/names.ts";
import type { Until } from "../request-end.ts";
import type { AuthorizationAttributes, Authorizer, Decision, NonResourceRule, ResourceRule } from "./authorizer.ts";

const noOpinion: Decision = { decision: "noOpinion", reason: "" };
const allowed: Decision = { decision: "allow", reason: "" };

/** Members of system:masters may do everything: the way in when all roles are broken. */
export const superuserAuthorizer: Authorizer = {
  name: "superuser",
  authorize: ({ user }) => (user.groups.includes(groupMasters) ? allowed : noOpinion),
  rulesFor: (user) =>
    user.groups.includes(groupMasters)
      ? {
          resourceRules: [{ verbs: ["*"], apiGroups: ["*"], resources: ["*"] }],
          nonResourceRules: [{ verbs: ["*"], nonResourceURLs: ["*"] }],
          incomplete: false,
        }
      : { resourceRules: [], nonResourceRules: [], incomplete: false },
};

/** Asks each in order until one allows or denies; stays synchronous as long as all that are asked do. */
export function unionAuthorizer(...authorizers: readonly Authorizer[]): Authorizer {
  return {
    name: "union",
    authorize: (attributes, until) => ask({ authorizers, attributes, until, reasons: [], errors: [] }, 0),
    rulesFor: (user, namespace) => unionRules(authorizers, user, namespace),
  };
}

interface Question {
  readonly authorizers: readonly Authorizer[];
  readonly attributes: AuthorizationAttributes;
  readonly until: Until | undefined;
  readonly reasons: string[];
  readonly errors: string[];
}

function ask(question: Question, start: number): Decision | Promise<Decision> {
  const { authorizers, attributes, until, reasons, errors } = question;
  for (let i = start; i < authorizers.length; i++) {
    const answer = authorizers[i]!.authorize(attributes, until);
    if (answer instanceof Promise) {
      return answer.then((decision) => (decides(decision, reasons, errors) ? decision : ask(question, i + 1)));
    }
    if (decides(answer, reasons, errors)) return answer;
  }
  if (reasons.length === 0 && errors.length === 0) return noOpinion;
  return {
    decision: "noOpinion",
    reason: reasons.join("\n"),
    ...(errors.length === 0 ? {} : { evaluationError: formatAggregate(errors) }),
  };
}

function decides(decision: Decision, reasons: string[], errors: string[]): boolean {
  if (decision.decision !== "noOpinion") return true;
  if (decision.reason !== "") reasons.push(decision.reason);
  if (decision.evaluationError !== undefined) errors.push(decision.evaluationError);
  return false;
}

function unionRules(authorizers: readonly Authorizer[], user: UserInfo, namespace: string) {
  const resourceRules: ResourceRule[] = [];
  const nonResourceRules: NonResourceRule[] = [];
  const errors: string[] = [];
  let incomplete = false;
  for (const authorizer of authorizers) {
    const rules = authorizer.rulesFor?.(user, namespace);
    if (rules === undefined) continue;
    resourceRules.push(...rules.resourceRules);
    nonResourceRules.push(...rules.nonResourceRules);
    incomplete ||= rules.incomplete;
    if (rules.evaluationError !== undefined) errors.push(rules.evaluationError);
  }
  return {
    resourceRules,
    nonResourceRules,
    incomplete,
    ...(errors.length === 0 ? {} : { evaluationError: formatAggregate(errors) }),
  };
}
