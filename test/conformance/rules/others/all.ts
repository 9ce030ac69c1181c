import { named, segmentName, subdomainName } from "../names.ts";
import type { Area } from "../rule.ts";
import { certificateSigningRequest } from "./certificate-signing-request.ts";
import { endpointSlice } from "./endpoint-slice.ts";
import { ingress } from "./ingress.ts";
import { ingressClass } from "./ingress-class.ts";
import { lease } from "./lease.ts";
import { networkPolicy } from "./network-policy.ts";
import { priorityClass } from "./priority-class.ts";
import { clusterRole, clusterRoleBinding, role, roleBinding } from "./rbac.ts";
import {
  localSubjectAccessReview,
  selfSubjectAccessReview,
  selfSubjectRulesReview,
  subjectAccessReview,
  tokenRequest,
  tokenReview,
} from "./reviews.ts";
import { runtimeClass } from "./runtime-class.ts";
import { ipAddress, serviceCIDR } from "./service-range.ts";
import { unreachable } from "./unreachable.ts";

export const others: Area = {
  kinds: [
    named(certificateSigningRequest, segmentName),
    named(endpointSlice, subdomainName),
    named(ingress, subdomainName),
    named(ingressClass, subdomainName),
    named(lease, subdomainName),
    named(networkPolicy, subdomainName),
    named(priorityClass, subdomainName),
    named(clusterRole, segmentName),
    named(clusterRoleBinding, segmentName),
    named(role, segmentName),
    named(roleBinding, segmentName),
    named(runtimeClass, subdomainName),
    named(serviceCIDR, subdomainName),
    ipAddress,
    localSubjectAccessReview,
    selfSubjectAccessReview,
    subjectAccessReview,
    tokenRequest,
    tokenReview,
    selfSubjectRulesReview,
  ],
  unreachable,
};
