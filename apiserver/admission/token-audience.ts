import type { Pod, Volume } from "../../api/generated/types/core-v1.ts";
import { formatAggregate } from "../../apimachinery/field/errors.ts";
import { goQuote } from "../../apimachinery/text/go-quote.ts";
import type { NodeRestrictionDeps } from "./node-restriction.ts";

type Deps = Pick<NodeRestrictionDeps, "reader" | "persistentVolumeClaims" | "persistentVolumes" | "csiDrivers">;

/** Whether some volume of the pod needs tokens for the audience: its own, or those that a CSI driver asks for. */
export function podReferencesAudience(
  pod: Pod,
  audience: string,
  deps: Deps,
): { readonly found: boolean; readonly problem?: string } {
  const problems: string[] = [];
  for (const volume of pod.spec.volumes ?? []) {
    const tokens = (volume.projected?.sources ?? []).flatMap((source) => source.serviceAccountToken ?? []);
    if (tokens.some((token) => (token.audience ?? "") === audience)) return { found: true };
    try {
      const driverName = driverOf(pod, volume, deps);
      if (driverName === undefined) continue;
      const driver = deps.reader.get(deps.csiDrivers, "", driverName);
      if (driver === undefined) throw notFound("csidriver.storage.k8s.io", driverName);
      if ((driver.spec.tokenRequests ?? []).some((request) => request.audience === audience)) return { found: true };
    } catch (error) {
      problems.push((error as Error).message);
    }
  }
  return problems.length === 0 ? { found: false } : { found: false, problem: formatAggregate(problems) };
}

function driverOf(pod: Pod, { name, ephemeral, persistentVolumeClaim, csi }: Volume, deps: Deps): string | undefined {
  if (csi !== undefined) return csi.driver;
  const claimName = ephemeral?.volumeClaimTemplate ? `${pod.metadata.name}-${name}` : persistentVolumeClaim?.claimName;
  if (claimName === undefined) return undefined;
  const claim = deps.reader.get(deps.persistentVolumeClaims, pod.metadata.namespace ?? "", claimName);
  if (claim === undefined) throw notFound("persistentvolumeclaim", claimName);
  const volumeName = claim.spec.volumeName ?? "";
  const volume = deps.reader.get(deps.persistentVolumes, "", volumeName);
  if (volume === undefined) throw notFound("persistentvolume", volumeName);
  return volume.spec.csi?.driver;
}

function notFound(resource: string, name: string): Error {
  return new Error(`${resource} ${goQuote(name)} not found`);
}
