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
import type { FieldError } from "../../apimachinery/field/error.ts";
import { invalid, required } from "../../apimachinery/field/errors.ts";
import type { UserInfo } from "../../apimachinery/resource/object.ts";
import { escapeFieldValue } from "../../apimachinery/selectors/field-selector.ts";
import type { AuthorizationAttributes, Authorizer } from "./authorizer.ts";

const group = "authorization.k8s.io";

/** May this user …? (pkg/registry/authorization/subjectaccessreview). Invalid questions are ApiErrors. */
export async function evaluateSubjectAccessReview(
  review: SubjectAccessReview,
  authorizer: Authorizer,
): Promise<SubjectAccessReviewStatus> {
  const errors = [...validateSubject(review.spec), ...validateAttributes(review.spec), ...mustBeEmpty(review.metadata)];
  if (errors.length > 0) throw ApiError.invalid({ group, kind: "SubjectAccessReview" }, "", errors);
  return decide(attributesOfSpec(review.spec), authorizer);
}

/** The same in one namespace, which the URL names. */
export async function evaluateLocalSubjectAccessReview(
  review: LocalSubjectAccessReview,
  namespace: string,
  authorizer: Authorizer,
): Promise<SubjectAccessReviewStatus> {
  const { spec, metadata } = review;
  const errors = [...validateSubject(spec), ...validateAttributes(spec)];
  const { namespace: own = "", ...rest } = metadata;
  if (mustBeEmpty(rest).length > 0) errors.push(invalid("metadata", metadata, "must be empty except for namespace"));
  if (spec.resourceAttributes !== undefined && (spec.resourceAttributes.namespace ?? "") !== own) {
    errors.push(
      invalid(
        "spec.resourceAttributes.namespace",
        spec.resourceAttributes.namespace ?? "",
        "must match metadata.namespace",
      ),
    );
  }
  if (spec.nonResourceAttributes !== undefined) {
    errors.push(
      invalid("spec.nonResourceAttributes", spec.nonResourceAttributes, "disallowed on this kind of request"),
    );
  }
  if (errors.length > 0) throw ApiError.invalid({ group, kind: "LocalSubjectAccessReview" }, "", errors);
  if (namespace !== own)
    throw ApiError.badRequest(`spec.resourceAttributes.namespace must match namespace: ${namespace}`);
  return decide(attributesOfSpec(spec), authorizer);
}

/** May I …? */
export async function evaluateSelfSubjectAccessReview(
  review: SelfSubjectAccessReview,
  user: UserInfo,
  authorizer: Authorizer,
): Promise<SubjectAccessReviewStatus> {
  const errors = [...validateAttributes(review.spec), ...mustBeEmpty(review.metadata)];
  if (errors.length > 0) throw ApiError.invalid({ group, kind: "SelfSubjectAccessReview" }, "", errors);
  return decide(attributesFor(user, review.spec), authorizer);
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

function validateSubject({ user = "", groups = [] }: SubjectAccessReviewSpec): FieldError[] {
  return user === "" && groups.length === 0
    ? [invalid("spec.user", user, "at least one of user or group must be specified")]
    : [];
}

function validateAttributes({ resourceAttributes, nonResourceAttributes }: Asked): FieldError[] {
  const errors: FieldError[] = [];
  if (resourceAttributes !== undefined && nonResourceAttributes !== undefined) {
    errors.push(
      invalid(
        "spec.nonResourceAttributes",
        nonResourceAttributes,
        "cannot be specified in combination with resourceAttributes",
      ),
    );
  }
  if (resourceAttributes === undefined && nonResourceAttributes === undefined) {
    errors.push(
      invalid(
        "spec.resourceAttributes",
        null,
        "exactly one of nonResourceAttributes or resourceAttributes must be specified",
      ),
    );
  }
  for (const name of ["fieldSelector", "labelSelector"] as const) {
    const selector = resourceAttributes?.[name];
    if (selector === undefined) continue;
    const path = `spec.resourceAttributes.${name}`;
    const raw = selector.rawSelector ?? "";
    const count = selector.requirements?.length ?? 0;
    if (raw !== "" && count > 0)
      errors.push(invalid(`${path}.rawSelector`, raw, "may not specified at the same time as requirements"));
    if (raw === "" && count === 0) {
      errors.push(
        required(`${path}.requirements`, `when ${path} is specified, requirements or rawSelector is required`),
      );
    }
  }
  return errors;
}

function mustBeEmpty(metadata: SubjectAccessReview["metadata"]): FieldError[] {
  const { managedFields: _, ...rest } = metadata;
  return Object.values(rest).some((value) => value !== undefined)
    ? [invalid("metadata", metadata, "must be empty")]
    : [];
}
