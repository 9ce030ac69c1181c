import { type Cidr, containsIP, parseCIDR } from "../../apimachinery/net/ip.ts";
import { CommandError } from "../command-error.ts";
import type { ClusterSettings } from "./settings.ts";

/** What `ip -json route` says of a route. */
export interface Route {
  /** A range, an address, or `default`. */
  readonly dst: string;
  readonly dev?: string;
}

type Ranges = Pick<ClusterSettings, "podCidr" | "serviceCidr">;

interface Range {
  readonly flag: string;
  readonly text: string;
  readonly cidr: Cidr;
}

/** Throws where an address would be a pod's and a service's, or is one of the machine's already. `ownBridge` may be there. */
export function checkRanges(ranges: Ranges, routes: readonly Route[], ownBridge: string): void {
  const [pods, services] = [rangesOf("--pod-cidr", ranges.podCidr), rangesOf("--service-cidr", ranges.serviceCidr)];
  for (const pod of pods) {
    const both = services.find(({ cidr }) => overlap(cidr, pod.cidr));
    if (both !== undefined) {
      throw new CommandError(
        `--pod-cidr ${pod.text} and --service-cidr ${both.text} overlap: an address would be a pod's and a service's`,
      );
    }
  }
  for (const { flag, text, cidr } of [...pods, ...services]) {
    const route = routes.find(({ dst, dev }) => dev !== ownBridge && leadsInto(cidr, dst));
    if (route !== undefined) {
      const where = route.dev === undefined ? "" : ` on ${route.dev}`;
      throw new CommandError(
        `${flag} ${text} is in use: this machine has a network ${route.dst}${where}. Choose another range with ${flag}`,
      );
    }
  }
}

function rangesOf(flag: string, texts: string): readonly Range[] {
  return texts.split(",").flatMap((text) => {
    const cidr = parseCIDR(text);
    return cidr === undefined ? [] : [{ flag, text, cidr }];
  });
}

function overlap(a: Cidr, b: Cidr): boolean {
  return containsIP(a, b.network) || containsIP(b, a.network);
}

/** Whether a route leads into the range. One to more than the range is the way to the world, and the range's own is nearer. */
function leadsInto(cidr: Cidr, dst: string): boolean {
  const route = parseCIDR(dst.includes("/") ? dst : `${dst}/${dst.includes(":") ? 128 : 32}`);
  return route !== undefined && route.prefix >= cidr.prefix && containsIP(cidr, route.network);
}
