import { Node } from "../../api/core/v1/node.ts";
import type { Cache, CacheIndex } from "../runner/cache.ts";
import { type Controller, defineController } from "../runner/controller.ts";
import { Blocks } from "./blocks.ts";
import { plan, summarize } from "./plan.ts";

export interface NodeIpamOptions {
  /** Ranges of pod addresses, one a family: `10.244.0.0/16`. */
  readonly clusterCidr: readonly string[];
  /** Ranges of service addresses: no node gets a part of them. */
  readonly serviceCidrs?: readonly string[];
  /** Lengths of the nodes' prefixes, one a range. Default: 24 for IPv4, 64 for IPv6. */
  readonly nodeCidrMaskSizes?: readonly number[];
}

/** Gives each node its part of the pods' addresses. Throws where a range cannot be cut into parts. */
export function nodeIpamController(options: NodeIpamOptions): Controller {
  const { clusterCidr, serviceCidrs = [], nodeCidrMaskSizes = [] } = options;
  const pools = clusterCidr.map((range, i) => new Pool(new Blocks(range, nodeCidrMaskSizes[i]), i, serviceCidrs));
  return defineController({
    name: "cidrAllocator",
    serviceAccount: "node-controller",
    queue: "cidrallocator_node",
    primary: Node,
    workers: 1,
    sharedBarrier: true,
    observe: (node, cache, now) => ({
      node,
      free: (node.spec.podCIDRs ?? []).length > 0 ? [] : pools.map((pool) => pool.free(cache)),
      now,
    }),
    plan,
    summarize,
  });
}

/** The blocks of one range, and who has them: the nodes themselves say so. */
class Pool {
  readonly #blocks: Blocks;
  /** Nodes by the blocks that they have addresses of. */
  readonly #index: CacheIndex<Node>;
  readonly #reserved: readonly (readonly [number, number])[];
  /** Where the search goes on: blocks that became free are not given out again at once. */
  #next = 0;

  constructor(blocks: Blocks, position: number, serviceCidrs: readonly string[]) {
    this.#blocks = blocks;
    this.#reserved = serviceCidrs.map((range) => blocks.spanOf(range)).filter((span) => span !== undefined);
    this.#index = {
      name: `podCIDR${position}`,
      of: ({ spec }) => {
        const range = spec.podCIDRs?.[position];
        const span = range === undefined ? undefined : blocks.spanOf(range);
        return span === undefined ? [] : Array.from({ length: span[1] - span[0] + 1 }, (_, i) => String(span[0] + i));
      },
    };
  }

  free(cache: Cache): string | undefined {
    const { count } = this.#blocks;
    for (let i = 0; i < count; i++) {
      const index = (this.#next + i) % count;
      if (this.#reserved.some(([first, last]) => index >= first && index <= last)) continue;
      if (cache.byIndex(Node, this.#index, String(index)).length > 0) continue;
      this.#next = (index + 1) % count;
      return this.#blocks.textOf(index);
    }
    return undefined;
  }
}
