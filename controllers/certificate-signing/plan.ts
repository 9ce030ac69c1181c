import type { CertificateSigningRequest } from "../../api/certificates/v1/certificate-signing-request.ts";
import { formatTime } from "../../apimachinery/time/time.ts";
import type { CertificateRequest } from "../../apimachinery/x509/certificate-request.ts";
import { hasCondition, hasTrueCondition, isIssued, requestedOf } from "../certificate-requests/decision.ts";
import { kubeletClientFault, kubeletServingFault } from "../certificate-requests/kubelet-rules.ts";
import type { Summary } from "../runner/controller.ts";
import type { Asked } from "./sign.ts";

// pkg/controller/certificates/signer/signer.go.

type Rule = (request: CertificateRequest, usages: readonly string[]) => string | undefined;

/** Signers of the cluster's own, and what each demands: why it does not sign. */
export const signerRules = {
  "kubernetes.io/kube-apiserver-client": (_, usages) => clientUsagesFault(usages),
  "kubernetes.io/kube-apiserver-client-kubelet": kubeletClientFault,
  "kubernetes.io/kubelet-serving": kubeletServingFault,
  "kubernetes.io/legacy-unknown": () => undefined,
} satisfies Readonly<Record<string, Rule>>;

export type SignerName = keyof typeof signerRules;

export interface Observed {
  readonly request: CertificateSigningRequest;
  /** Signs for the signer that the request names: PEM. Undefined: somebody else does, or nobody. */
  readonly sign: ((asked: Asked) => string) | undefined;
  readonly now: number;
}

/** An approved request gets its certificate, or is told why not. Throws where the authority cannot sign now. */
export function summarize({ request, sign, now }: Observed): Summary<CertificateSigningRequest["status"]> {
  const { spec, status } = request;
  const awaits = hasCondition(request, "Approved") && !hasCondition(request, "Denied") && !isIssued(request);
  if (sign === undefined || !awaits || hasTrueCondition(request, "Failed")) return {};
  const requested = requestedOf(request);
  const usages = spec.usages ?? [];
  const fault = signerRules[spec.signerName as SignerName](requested, usages);
  if (fault !== undefined) {
    const failed = {
      type: "Failed",
      status: "True",
      reason: "SignerValidationFailure",
      message: fault,
      lastUpdateTime: formatTime(now),
    };
    return { status: { ...status, conditions: [...(status.conditions ?? []), failed] } };
  }
  const certificate = sign({ request: requested, usages, expirationSeconds: spec.expirationSeconds });
  return { status: { ...status, certificate: Buffer.from(certificate).toString("base64") } };
}

function clientUsagesFault(usages: readonly string[]): string | undefined {
  const allowed = ["digital signature", "key encipherment", "client auth"];
  const other = usages.find((usage) => !allowed.includes(usage));
  if (other !== undefined) return `invalid usage for client certificate: ${other}`;
  return usages.includes("client auth") ? undefined : "missing required usage for client certificate: client auth";
}
