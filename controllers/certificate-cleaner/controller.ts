import { CertificateSigningRequest } from "../../api/certificates/v1/certificate-signing-request.ts";
import { type Controller, defineController } from "../runner/controller.ts";
import { type Observed, plan, summarize } from "./plan.ts";

/** Removes requests for certificates that have been answered, or that nobody answers. */
export const certificateCleanerController: Controller = defineController<CertificateSigningRequest, Observed>({
  name: "certificatesigningrequest-cleaner-controller",
  serviceAccount: "certificate-controller",
  primary: CertificateSigningRequest,
  workers: 1,
  observe: (request, _, now) => ({ request, now }),
  plan,
  summarize,
});
