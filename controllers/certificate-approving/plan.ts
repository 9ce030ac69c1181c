import { CertificateSigningRequest } from "../../api/certificates/v1/certificate-signing-request.ts";
import { hasCondition, isIssued, requestedOf } from "../certificate-requests/decision.ts";
import { kubeletClientFault } from "../certificate-requests/kubelet-rules.ts";
import type { Action } from "../runner/action.ts";

// pkg/controller/certificates/approver/sarapprove.go.

const kubeletClientSigner = "kubernetes.io/kube-apiserver-client-kubelet";

/** What a requester must be allowed to create to be approved at once, and what is said then. */
export interface Permission {
  readonly subresource: "selfnodeclient" | "nodeclient";
  readonly message: string;
}

const renewal: Permission = {
  subresource: "selfnodeclient",
  message: "Auto approving self kubelet client certificate after SubjectAccessReview.",
};
const first: Permission = {
  subresource: "nodeclient",
  message: "Auto approving kubelet client certificate after SubjectAccessReview.",
};

/** Which of them do for a request, in the order to ask for them; none where a person decides, or somebody has. */
export function permissionsFor(request: CertificateSigningRequest): readonly Permission[] {
  const { spec } = request;
  if (isIssued(request) || hasCondition(request, "Approved") || hasCondition(request, "Denied")) return [];
  if (spec.signerName !== kubeletClientSigner) return [];
  const requested = requestedOf(request);
  if (kubeletClientFault(requested, spec.usages ?? []) !== undefined) return [];
  return spec.username === requested.commonName ? [renewal, first] : [first];
}

export interface Observed {
  readonly request: CertificateSigningRequest;
  /** That the requester has been found to have. */
  readonly permission: Permission | undefined;
}

/** Kubelets that may have a client certificate get it without anybody being asked. */
export function plan({ request, permission }: Observed): readonly Action[] {
  if (permission === undefined) return [];
  const approved = { type: "Approved", status: "True", reason: "AutoApproved", message: permission.message };
  const conditions = [...(request.status.conditions ?? []), approved];
  const body = { ...request, status: { ...request.status, conditions } };
  const name = request.metadata.name ?? "";
  const resource = CertificateSigningRequest;
  return [{ type: "subresource", resource, name, subresource: "approval", method: "update", body }];
}
