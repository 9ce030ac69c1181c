import type { ResourceDefinition } from "../apimachinery/resource/resource.ts";
import { SelfSubjectReview } from "./authentication/v1/self-subject-review.ts";
import { TokenRequest } from "./authentication/v1/token-request.ts";
import { TokenReview } from "./authentication/v1/token-review.ts";
import { LocalSubjectAccessReview } from "./authorization/v1/local-subject-access-review.ts";
import { SelfSubjectAccessReview } from "./authorization/v1/self-subject-access-review.ts";
import { SelfSubjectRulesReview } from "./authorization/v1/self-subject-rules-review.ts";
import { SubjectAccessReview } from "./authorization/v1/subject-access-review.ts";
import { Scale } from "./autoscaling/v1/scale.ts";
import { Binding } from "./core/v1/binding.ts";
import { Eviction } from "./policy/v1/eviction.ts";

/** What is answered when it is created, and never stored. */
export const reviewResources: readonly ResourceDefinition[] = [
  SelfSubjectReview,
  TokenReview,
  LocalSubjectAccessReview,
  SelfSubjectAccessReview,
  SelfSubjectRulesReview,
  SubjectAccessReview,
  Binding,
];

/** Kinds that only subresources take or give: discovery lists them below their parents, never by themselves. */
export const subresourceKinds: readonly ResourceDefinition[] = [Eviction, Scale, TokenRequest];
