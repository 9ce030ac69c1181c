import type { CertificateSigningRequest } from "../../api/generated/types/certificates-v1.ts";
import { equalJson } from "../../apimachinery/json/equal.ts";
import type { UserInfo } from "../../apimachinery/resource/object.ts";
import { sentEmptyOf } from "../../apimachinery/schema/sent-empty.ts";
import { goQuote } from "../../apimachinery/text/go-quote.ts";
import { parseCertificateRequest } from "../../apimachinery/x509/certificate-request.ts";
import type { Authorizer } from "../authorization/authorizer.ts";
import type { AdmissionAttributes, AdmissionPlugin } from "./plugin.ts";
import { concerns, newObject, refused } from "./refusal.ts";

const group = "certificates.k8s.io";
const plural = "certificatesigningrequests";
const clientSigner = "kubernetes.io/kube-apiserver-client";

/** Whether the user may `approve` or `sign` for a signer, by its name or for its whole domain (pkg/certauthorization). */
async function isAuthorizedForSigner(
  authorizer: Authorizer,
  user: UserInfo,
  verb: string,
  signerName: string,
): Promise<boolean> {
  for (const name of [signerName, `${signerName.split("/")[0]}/*`]) {
    const { decision } = await authorizer.authorize({
      user,
      verb,
      isResourceRequest: true,
      namespace: "",
      group,
      version: "*",
      resource: "signers",
      subresource: "",
      name,
      path: "",
    });
    if (decision === "allow") return true;
  }
  return false;
}

/** Only who may approve for a signer approves requests to it (plugin/pkg/admission/certificates/approval). */
export function certificateApproval(authorizer: Authorizer): AdmissionPlugin {
  return {
    name: "CertificateApproval",
    handles: (attributes) => attributes.operation === "UPDATE" && concerns(attributes, group, plural, "approval"),
    async validate(attributes) {
      const { signerName } = (attributes.oldObject as CertificateSigningRequest).spec;
      if (await isAuthorizedForSigner(authorizer, attributes.user, "approve", signerName)) return;
      throw refused(attributes, `user not permitted to approve requests with signerName ${goQuote(signerName)}`);
    },
  };
}

/** Only who may sign for a signer sets a certificate or conditions (plugin/pkg/admission/certificates/signing). */
export function certificateSigning(authorizer: Authorizer): AdmissionPlugin {
  return {
    name: "CertificateSigning",
    handles: (attributes) => attributes.operation === "UPDATE" && concerns(attributes, group, plural, "status"),
    async validate(attributes) {
      const [request, old] = [
        newObject<CertificateSigningRequest>(attributes),
        attributes.oldObject as CertificateSigningRequest,
      ];
      if (
        request.status?.certificate === old.status?.certificate &&
        sentEmptyOf(request.status, "certificate") === undefined &&
        equalJson(request.status?.conditions ?? [], old.status?.conditions ?? [])
      )
        return;
      const { signerName } = old.spec;
      if (await isAuthorizedForSigner(authorizer, attributes.user, "sign", signerName)) return;
      throw refused(attributes, `user not permitted to sign requests with signerName ${goQuote(signerName)}`);
    },
  };
}

/** Nobody becomes a superuser by a certificate request (plugin/pkg/admission/certificates/subjectrestriction). */
export const certificateSubjectRestriction: AdmissionPlugin = {
  name: "CertificateSubjectRestriction",
  handles: (attributes) => attributes.operation === "CREATE" && concerns(attributes, group, plural),
  validate(attributes) {
    const { spec } = newObject<CertificateSigningRequest>(attributes);
    if (spec.signerName !== clientSigner) return;
    const { organizations } = parseRequest(attributes, spec.request, "failed to parse CSR: ");
    if (organizations.includes("system:masters"))
      throw refused(attributes, `use of ${clientSigner} signer with system:masters group is not allowed`);
  },
};

/** `request` is base64 of PEM, as JSON carries bytes. */
export function parseRequest(attributes: AdmissionAttributes, request: string, prefix: string) {
  try {
    return parseCertificateRequest(Buffer.from(request, "base64").toString());
  } catch (error) {
    throw refused(attributes, `${prefix}${(error as Error).message}`);
  }
}
