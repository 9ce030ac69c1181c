import type { Logger } from "../../base/logger.ts";
import type { Random } from "../../base/random.ts";
import type { Handler, Plugin } from "../plugin.ts";
import { classIN, types } from "../wire/constants.ts";
import { nameBytes } from "../wire/name.ts";
import type { Query } from "../wire/query.ts";
import { servfail } from "../wire/response.ts";

/**
 * Finds out whether the node's resolvers ask this server in turn: a question that nobody else would ask is sent to them, and
 * should it come back, nothing is forwarded any more (CoreDNS plugin/loop, which ends the server instead).
 */
export function loop(
  random: Random,
  logger: Logger,
): Plugin & { readonly probe: (signal: AbortSignal) => Promise<void> } {
  const name = `${random.below(2 ** 31)}.${random.below(2 ** 31)}.loop-probe.invalid`;
  let onward: Handler | undefined;
  let found = false;
  let probing = false;
  return {
    name: "loop",
    handler(next) {
      onward = next;
      return (request, signal) => {
        if (probing && request.query.name === name && request.query.type === types.HINFO) {
          if (!found) logger.error("The node's resolvers ask this server: nothing is forwarded to them");
          found = true;
        }
        return found ? { kind: "answer", answer: servfail, by: "loop" } : next(request, signal);
      };
    },
    async probe(signal) {
      probing = true;
      await onward?.({ query: question(name, types.HINFO), transport: "udp" }, signal);
      probing = false;
    },
  };
}

/** A question of the server's own. */
export function question(name: string, type: number): Query {
  const encoded = nameBytes(name);
  const bytes = new Uint8Array(encoded.length + 4);
  bytes.set(encoded);
  new DataView(bytes.buffer).setUint16(encoded.length, type);
  new DataView(bytes.buffer).setUint16(encoded.length + 2, classIN);
  return { id: 0, flags: 0, name, type, class: classIN, question: bytes };
}
