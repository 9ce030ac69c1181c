import { execFile } from "node:child_process";
import { isIPv6 } from "node:net";
import { promisify } from "node:util";

const run = promisify(execFile);

/** Addresses of the node's loopback interface. */
export interface LocalAddresses {
  /** An address that is there already is fine. */
  add(address: string): Promise<void>;
  /** One that is not there is fine. */
  remove(address: string): Promise<void>;
}

/** By the ip command. `command`: `["nsenter", "--net=…", "ip"]` for another network namespace. */
export function loopbackAddresses({ command = ["ip"] }: { readonly command?: readonly string[] } = {}): LocalAddresses {
  const [program = "ip", ...prefix] = command;
  const prefixed = (address: string): string => `${address}/${isIPv6(address) ? 128 : 32}`;
  const ip = async (args: readonly string[], fine: RegExp): Promise<void> => {
    try {
      await run(program, [...prefix, ...args]);
    } catch (error) {
      if (!(error instanceof Error) || !fine.test(error.message)) throw error;
    }
  };
  return {
    async add(address) {
      // An IPv6 address could not be bound while it is checked for duplicates, which on loopback there are none of.
      const nodad = isIPv6(address) ? ["nodad"] : [];
      await ip(["addr", "add", prefixed(address), "dev", "lo", ...nodad], /File exists|already assigned/);
    },
    remove: (address) =>
      ip(["addr", "del", prefixed(address), "dev", "lo"], /Cannot assign requested address|address not found/i),
  };
}
