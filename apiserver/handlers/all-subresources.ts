import type { TokenIssuer } from "../authentication/token-issuer.ts";
import { patchObject } from "./patch.ts";
import { getObject } from "./read.ts";
import type { Subresource } from "./resource.ts";
import { bindPod } from "./subresources/binding.ts";
import { evictPod } from "./subresources/eviction.ts";
import { finalizeNamespace } from "./subresources/finalize.ts";
import { scaleSubresource } from "./subresources/scale.ts";
import { tokenSubresource } from "./subresources/token.ts";
import { updateObject } from "./write.ts";

/** The object itself under another name: what may change is up to its own rules, which see the subresource's name. */
const itself: Subresource = { get: getObject, update: updateObject, patch: patchObject };

/** Subresources beside the generic `status`, by `plural.group/name`; `*` stands for any resource that declares it. */
export function allSubresources(issuer: TokenIssuer): ReadonlyMap<string, Subresource> {
  return new Map<string, Subresource>([
    ["*/scale", scaleSubresource],
    ["namespaces./finalize", finalizeNamespace],
    ["pods./binding", bindPod],
    ["pods./ephemeralcontainers", itself],
    ["pods./eviction", evictPod],
    ["pods./resize", itself],
    ["serviceaccounts./token", tokenSubresource(issuer)],
    ["certificatesigningrequests.certificates.k8s.io/approval", itself],
  ]);
}
