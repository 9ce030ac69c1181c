import type { KeyObject } from "node:crypto";
import { JwtSigner } from "./jwt.ts";
import { serviceAccountUsername } from "./names.ts";
import { type LegacyClaims, writeLegacyClaims } from "./service-account-claims.ts";

/**
 * Makes the tokens that secrets hold, without an end of their own (pkg/serviceaccount/legacy.go, LegacyClaims).
 * `privateKey` is the server's signing key; throws for kinds that do not sign tokens.
 */
export function legacyTokenSigner(privateKey: KeyObject): (subject: Omit<LegacyClaims, "subject">) => string {
  const signer = new JwtSigner(privateKey);
  return ({ namespace, secretName, serviceAccountName, serviceAccountUid }) => {
    const subject = serviceAccountUsername(namespace, serviceAccountName);
    return signer.sign(writeLegacyClaims({ subject, namespace, secretName, serviceAccountName, serviceAccountUid }));
  };
}
