import type { Area } from "../rule.ts";
import { certificateSigningRequest } from "./certificate-signing-request.ts";
import { endpointSlice } from "./endpoint-slice.ts";
import { ingress } from "./ingress.ts";
import { ingressClass } from "./ingress-class.ts";
import { lease } from "./lease.ts";
import { networkPolicy } from "./network-policy.ts";
import { priorityClass } from "./priority-class.ts";
import { clusterRole, clusterRoleBinding, role, roleBinding } from "./rbac.ts";
import { localSubjectAccessReview, selfSubjectAccessReview, subjectAccessReview, tokenRequest } from "./reviews.ts";
import { runtimeClass } from "./runtime-class.ts";
import { unreachable } from "./unreachable.ts";

export const others: Area = {
  kinds: [
    certificateSigningRequest,
    endpointSlice,
    ingress,
    ingressClass,
    lease,
    networkPolicy,
    priorityClass,
    clusterRole,
    clusterRoleBinding,
    role,
    roleBinding,
    runtimeClass,
    localSubjectAccessReview,
    selfSubjectAccessReview,
    subjectAccessReview,
    tokenRequest,
  ],
  unreachable,
};
