import type { UserInfo } from "../../apimachinery/resource/object.ts";
import type { Until } from "../request-end.ts";

/** What somebody wants to do (authorization.k8s.io SubjectAccessReviewSpec, flattened). */
export interface AuthorizationAttributes {
  readonly user: UserInfo;
  readonly verb: string;
  readonly isResourceRequest: boolean;
  readonly namespace: string;
  readonly group: string;
  readonly version: string;
  readonly resource: string;
  readonly subresource: string;
  readonly name: string;
  /** For requests that are not for resources. */
  readonly path: string;
  /** The selectors a list, watch or deletecollection is limited by, as the query has them; absent where there are none. */
  readonly fieldSelector?: string;
  readonly labelSelector?: string;
}

export type Decision =
  | { readonly decision: "allow"; readonly reason: string }
  | { readonly decision: "deny"; readonly reason: string; readonly evaluationError?: string }
  | { readonly decision: "noOpinion"; readonly reason: string; readonly evaluationError?: string };

export interface ResourceRule {
  readonly verbs: readonly string[];
  readonly apiGroups: readonly string[];
  readonly resources: readonly string[];
  readonly resourceNames?: readonly string[];
}
export interface NonResourceRule {
  readonly verbs: readonly string[];
  readonly nonResourceURLs: readonly string[];
}

/** Says who may. A chain asks each in order until one allows or denies; no opinion from all is a denial. */
export interface Authorizer {
  readonly name: string;
  /** Type and name in metrics, where it is configured by itself: `Webhook`, `mine`. */
  readonly measuredAs?: readonly [type: string, name: string];
  /** `until`: nobody waits for the answer afterwards. */
  authorize(attributes: AuthorizationAttributes, until?: Until): Decision | Promise<Decision>;
  /** All that the user may do in the namespace, for SelfSubjectRulesReview. */
  rulesFor?(
    user: UserInfo,
    namespace: string,
  ): {
    readonly resourceRules: readonly ResourceRule[];
    readonly nonResourceRules: readonly NonResourceRule[];
    readonly incomplete: boolean;
    readonly evaluationError?: string;
  };
}
