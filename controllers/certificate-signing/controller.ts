import { CertificateSigningRequest } from "../../api/certificates/v1/certificate-signing-request.ts";
import type { Random } from "../../base/random.ts";
import { certificateRateLimiter } from "../certificate-requests/decision.ts";
import { type Controller, defineController } from "../runner/controller.ts";
import { type Observed, type SignerName, summarize } from "./plan.ts";
import { type SigningAuthority, signCertificate } from "./sign.ts";

export interface CertificateSigning {
  /** By signer, with whose key it signs; asked each time, for authorities are renewed. Requests to others stay as they are. */
  readonly authorities: Readonly<Partial<Record<SignerName, () => SigningAuthority>>>;
  /** For how long certificates hold whose requests ask for no less. */
  readonly durationMs: number;
}

/** Issues the certificates of approved requests. */
export function certificateSigningController(signing: CertificateSigning, random: Random): Controller {
  const { authorities, durationMs } = signing;
  return defineController<CertificateSigningRequest, Observed>({
    name: "certificatesigningrequest-signing-controller",
    serviceAccount: "certificate-controller",
    queue: "certificate",
    primary: CertificateSigningRequest,
    workers: 5,
    rateLimiter: certificateRateLimiter,
    observe(request, _, now) {
      const name = request.spec.signerName;
      const authorityOf = Object.hasOwn(authorities, name) ? authorities[name as SignerName] : undefined;
      if (authorityOf === undefined) return { request, sign: undefined, now };
      const options = () => ({ authority: authorityOf(), durationMs, now, serialNumber: random.bytes(16) });
      return { request, sign: (asked) => signCertificate(asked, options()), now };
    },
    plan: () => [],
    summarize,
  });
}
