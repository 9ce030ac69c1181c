import { SubjectAccessReview } from "../../api/authorization/v1/subject-access-review.ts";
import { CertificateSigningRequest } from "../../api/certificates/v1/certificate-signing-request.ts";
import type { Client } from "../../client/mod.ts";
import { certificateRateLimiter } from "../certificate-requests/decision.ts";
import { type Controller, defineController } from "../runner/controller.ts";
import { NotYetError } from "../runner/not-yet.ts";
import { type Observed, type Permission, permissionsFor, plan } from "./plan.ts";

/** Approves requests of kubelets for client certificates, of those who may have one. */
export const certificateApprovingController: Controller = defineController<CertificateSigningRequest, Observed>({
  name: "certificatesigningrequest-approving-controller",
  serviceAccount: "certificate-controller",
  queue: "certificate",
  primary: CertificateSigningRequest,
  workers: 5,
  rateLimiter: certificateRateLimiter,
  observe(request, _, __, { client, signal }) {
    const permissions = permissionsFor(request);
    if (permissions.length === 0) return { request, permission: undefined };
    return permissionOf(client, request, permissions, signal).then((permission) => ({ request, permission }));
  },
  plan,
});

/** The first that the requester has. Rejects with NotYetError where it has none: roles may come later. */
async function permissionOf(
  client: Client,
  { metadata, spec }: CertificateSigningRequest,
  permissions: readonly Permission[],
  signal: AbortSignal,
): Promise<Permission> {
  const { username = "", uid, groups, extra } = spec;
  const who = {
    user: username,
    ...(uid === undefined ? {} : { uid }),
    ...(groups === undefined ? {} : { groups }),
    ...(extra === undefined ? {} : { extra }),
  };
  for (const permission of permissions) {
    const { subresource } = permission;
    const resourceAttributes = {
      group: "certificates.k8s.io",
      resource: "certificatesigningrequests",
      verb: "create",
      subresource,
      version: "*",
    };
    const review = { metadata: {}, spec: { ...who, resourceAttributes } };
    const { status } = await client.resource(SubjectAccessReview).create(review, { signal });
    if (status.allowed) return permission;
  }
  const tried = permissions.map(({ subresource }) => subresource).join(" ");
  throw new NotYetError(`recognized csr "${metadata.name}" as [${tried}] but subject access review was not approved`);
}
