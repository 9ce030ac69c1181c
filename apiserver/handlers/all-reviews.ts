import { SelfSubjectReview } from "../../api/authentication/v1/self-subject-review.ts";
import { TokenReview } from "../../api/authentication/v1/token-review.ts";
import { LocalSubjectAccessReview } from "../../api/authorization/v1/local-subject-access-review.ts";
import { SelfSubjectAccessReview } from "../../api/authorization/v1/self-subject-access-review.ts";
import { SelfSubjectRulesReview } from "../../api/authorization/v1/self-subject-rules-review.ts";
import { SubjectAccessReview } from "../../api/authorization/v1/subject-access-review.ts";
import { Pod } from "../../api/core/v1/pod.ts";
import { ApiError } from "../../apimachinery/errors/api-error.ts";
import type { ApiObject, Draft, ObjectMeta } from "../../apimachinery/resource/object.ts";
import type { ResourceDefinition } from "../../apimachinery/resource/resource.ts";
import { formatTime } from "../../apimachinery/time/time.ts";
import type { Access } from "../access.ts";
import { evaluateTokenReview } from "../authentication/token-review.ts";
import {
  evaluateSelfSubjectAccessReview,
  evaluateSelfSubjectRulesReview,
  evaluateSubjectAccessReview,
} from "../authorization/reviews.ts";
import { requestObject } from "../body/request-object.ts";
import { servedFromValue } from "../cache/served-object.ts";
import type { Handler } from "../chain.ts";
import { writeOptionsOf } from "../registry/options.ts";
import { ownFieldsOf } from "../registry/own-fields.ts";
import { ensureNamespace } from "../registry/system-fields.ts";
import { admissionAttributes, requestContext } from "../registry/write-context.ts";
import type { ApiRequest } from "../request.ts";
import { type Scope, writeContextOf, writerOf } from "./scope.ts";
import { createBinding } from "./subresources/binding.ts";

/** What the answer has in place of what was asked; some answers say nothing of the question. */
interface Answered {
  readonly metadata?: object;
  readonly spec?: object;
  readonly status: object;
}
type Evaluate<T> = (review: T, request: ApiRequest) => Answered | Promise<Answered>;

/** Resources that are answered when they are created, and never stored: by `version/plural.group`. */
export function allReviews(scope: Scope, { authorizer, tokens, audiences }: Access): ReadonlyMap<string, Handler> {
  const review = <T extends ApiObject>(definition: ResourceDefinition<T>, evaluate: Evaluate<T>): [string, Handler] => [
    `${definition.version}/${definition.plural}.${definition.group}`,
    (request) => answer(scope, definition, evaluate as unknown as Evaluate<ApiObject>, request),
  ];
  return new Map<string, Handler>([
    review(TokenReview, async ({ spec }) => ({ status: await evaluateTokenReview(spec, tokens, audiences) })),
    review(SelfSubjectReview, (_, { user }) => ({
      metadata: { creationTimestamp: formatTime(scope.clock.now()) },
      status: { userInfo: user },
    })),
    review(SubjectAccessReview, async (object) => ({ status: await evaluateSubjectAccessReview(object, authorizer) })),
    review(LocalSubjectAccessReview, async (object) => ({
      status: await evaluateSubjectAccessReview(object, authorizer),
    })),
    review(SelfSubjectAccessReview, async (object, { user }) => ({
      status: await evaluateSelfSubjectAccessReview(object, user, authorizer),
    })),
    review(SelfSubjectRulesReview, (object, { user }) => ({
      metadata: {},
      spec: {},
      status: evaluateSelfSubjectRulesReview(object, user, authorizer),
    })),
    ["v1/bindings.", (request) => createBinding(scope, scope.registry.of(Pod), request)],
  ]);
}

async function answer(
  scope: Scope,
  definition: ResourceDefinition,
  evaluate: Evaluate<ApiObject>,
  request: ApiRequest,
): ReturnType<Handler> {
  const options = writeOptionsOf(request.query, "CreateOptions");
  const { draft, managedFields } = await requestObject(scope, definition, request, options.fieldValidation);
  const { namespace } = request.info;
  const context = writeContextOf(scope, request, options, "CreateOptions");
  const now = scope.clock.now();
  wipeSystemFields(draft.metadata as Draft<ObjectMeta>);
  ensureNamespace(definition, draft, namespace);
  await ownFieldsOf(definition, writerOf(request, options), managedFields)(draft, undefined, now);
  const write = { operation: "CREATE", definition, namespace, name: "", object: draft, oldObject: undefined } as const;
  const attributes = admissionAttributes(write, context);
  await scope.admission.admit(attributes);
  const question = draft as unknown as ApiObject;
  const errors = [...(definition.validate?.(question, undefined, requestContext(context, now)) ?? [])];
  // Upstream asks the object for its kind, which has lost it by then.
  if (errors.length > 0) throw ApiError.invalid({ group: definition.group, kind: "" }, "", errors);
  await scope.admission.validate(attributes);
  const object = { ...draft, ...(await evaluate(draft, request)) } as unknown as ApiObject;
  return { type: "object", status: 201, definition, served: servedFromValue(object) };
}

/** What only the server says of an object (rest.WipeObjectMetaSystemFields). */
function wipeSystemFields(metadata: Draft<ObjectMeta>): void {
  delete metadata.creationTimestamp;
  delete metadata.uid;
  delete metadata.deletionTimestamp;
  delete metadata.deletionGracePeriodSeconds;
  delete metadata.selfLink;
}
