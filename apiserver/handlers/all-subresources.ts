import type { TokenIssuer } from "../authentication/token-issuer.ts";
import type { Backend } from "../nodes/backend.ts";
import { patchObject } from "./patch.ts";
import { getObject } from "./read.ts";
import type { Subresource } from "./resource.ts";
import { bindPod } from "./subresources/binding.ts";
import { evictPod } from "./subresources/eviction.ts";
import { finalizeNamespace } from "./subresources/finalize.ts";
import { logSubresource } from "./subresources/log.ts";
import { proxySubresource } from "./subresources/proxy.ts";
import { nodeTarget, podTarget, serviceTarget } from "./subresources/proxy-targets.ts";
import { connectSubresource } from "./subresources/remote-command.ts";
import { scaleSubresource } from "./subresources/scale.ts";
import { tokenSubresource } from "./subresources/token.ts";
import { updateObject } from "./write.ts";

/** The object itself under another name: what may change is up to its own rules, which see the subresource's name. */
const itself: Subresource = { get: getObject, update: updateObject, patch: patchObject };

/** Subresources beside the generic `status`, by `plural.group/name`; `*` stands for any resource that declares it. */
export function allSubresources(issuer: TokenIssuer, backend: Backend | undefined): ReadonlyMap<string, Subresource> {
  return new Map<string, Subresource>([
    ["*/scale", scaleSubresource],
    ["namespaces./finalize", finalizeNamespace],
    ["nodes./proxy", proxySubresource(nodeTarget, backend)],
    ["services./proxy", proxySubresource(serviceTarget, backend)],
    ["pods./attach", connectSubresource("attach", backend)],
    ["pods./binding", bindPod],
    ["pods./ephemeralcontainers", itself],
    ["pods./eviction", evictPod],
    ["pods./exec", connectSubresource("exec", backend)],
    ["pods./log", logSubresource(backend)],
    ["pods./portforward", connectSubresource("portforward", backend)],
    ["pods./proxy", proxySubresource(podTarget, backend)],
    ["pods./resize", itself],
    ["serviceaccounts./token", tokenSubresource(issuer)],
    ["certificatesigningrequests.certificates.k8s.io/approval", itself],
  ]);
}
