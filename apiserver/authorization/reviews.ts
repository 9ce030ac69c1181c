import type {
  LocalSubjectAccessReview,
  NonResourceAttributes,
  ResourceAttributes,
  SelfSubjectAccessReview,
  SelfSubjectRulesReview,
  SubjectAccessReview,
  SubjectAccessReviewSpec,
  SubjectAccessReviewStatus,
  SubjectRulesReviewStatus,
} from "../../api/generated/types/authorization-v1.ts";
import { ApiError } from "../../apimachinery/errors/api-error.ts";
import type { UserInfo } from "../../apimachinery/resource/object.ts";
import { escapeFieldValue } from "../../apimachinery/selectors/field-selector.ts";
import type { AuthorizationAttributes, Authorizer } from "./authorizer.ts";

/** May this user …? (pkg/registry/authorization/subjectaccessreview). The question has been found valid. */
export function evaluateSubjectAccessReview(
  { spec }: SubjectAccessReview | LocalSubjectAccessReview,
  authorizer: Authorizer,
): Promise<SubjectAccessReviewStatus> {
  return decide(attributesOfSpec(spec), authorizer);
}

/** May I …? */
export function evaluateSelfSubjectAccessReview(
  { spec }: SelfSubjectAccessReview,
  user: UserInfo,
  authorizer: Authorizer,
): Promise<SubjectAccessReviewStatus> {
  return decide(attributesFor(user, spec), authorizer);
}

/** What may I? Lists may be incomplete: not every authorizer can enumerate. */
export function evaluateSelfSubjectRulesReview(
  review: SelfSubjectRulesReview,
  user: UserInfo,
  authorizer: Authorizer,
): SubjectRulesReviewStatus {
  const namespace = review.spec.namespace ?? "";
  if (namespace === "") throw ApiError.badRequest("no namespace on request");
  const { resourceRules, nonResourceRules, incomplete, evaluationError } = authorizer.rulesFor?.(user, namespace) ?? {
    resourceRules: [],
    nonResourceRules: [],
    incomplete: true,
    evaluationError: `${authorizer.name} authorizer does not support user rule resolution`,
  };
  return { resourceRules, nonResourceRules, incomplete, ...(evaluationError === undefined ? {} : { evaluationError }) };
}

async function decide(attributes: AuthorizationAttributes, authorizer: Authorizer): Promise<SubjectAccessReviewStatus> {
  const decision = await authorizer.authorize(attributes);
  const error = decision.decision === "allow" ? undefined : decision.evaluationError;
  return {
    allowed: decision.decision === "allow",
    ...(decision.decision === "deny" ? { denied: true } : {}),
    ...(decision.reason === "" ? {} : { reason: decision.reason }),
    ...(error === undefined ? {} : { evaluationError: error }),
  };
}

function attributesOfSpec(spec: SubjectAccessReviewSpec): AuthorizationAttributes {
  const { user = "", groups = [], uid, extra } = spec;
  return attributesFor(
    { username: user, groups, ...(uid ? { uid } : {}), ...(extra === undefined ? {} : { extra }) },
    spec,
  );
}

type Asked = {
  readonly resourceAttributes?: ResourceAttributes;
  readonly nonResourceAttributes?: NonResourceAttributes;
};

function attributesFor(
  user: UserInfo,
  { resourceAttributes: asked, nonResourceAttributes }: Asked,
): AuthorizationAttributes {
  const fieldSelector = asked === undefined ? "" : fieldSelectorOf(asked);
  return {
    user,
    verb: asked?.verb ?? nonResourceAttributes?.verb ?? "",
    isResourceRequest: asked !== undefined,
    namespace: asked?.namespace ?? "",
    group: asked?.group ?? "",
    version: asked?.version || "*",
    resource: asked?.resource ?? "",
    subresource: asked?.subresource ?? "",
    name: asked?.name ?? "",
    path: nonResourceAttributes?.path ?? "",
    ...(fieldSelector === "" ? {} : { fieldSelector }),
  };
}

/** Requirements that a field selector cannot express are left out, which asks for more than the subject wants, never less. */
function fieldSelectorOf({ fieldSelector }: ResourceAttributes): string {
  if (fieldSelector?.rawSelector) return fieldSelector.rawSelector;
  return (fieldSelector?.requirements ?? [])
    .filter(({ operator, values }) => (operator === "In" || operator === "NotIn") && values?.length === 1)
    .map(({ key, operator, values }) => `${key}${operator === "In" ? "=" : "!="}${escapeFieldValue(values![0]!)}`)
    .join(",");
}
