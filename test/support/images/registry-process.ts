import { spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import type { TestContext } from "node:test";
import type { TestNamespace } from "../network-namespace.ts";
import type { RegistryOptions, RegistryRequest } from "./registry.ts";

export interface RegistryProcess {
  /** `127.0.0.1:5000`: containerd asks it over HTTP without being told to, as the address is its own machine's. */
  readonly address: string;
  /** What it was asked, in order. */
  readonly requests: readonly RegistryRequest[];
}

/** Starts a registry within a network namespace; it goes with the test. */
export async function startRegistry(
  t: TestContext,
  namespace: TestNamespace,
  options: RegistryOptions,
): Promise<RegistryProcess> {
  const [command, args] = namespace.command(process.execPath, [join(import.meta.dirname, "registry-program.ts")]);
  const child = spawn(command, args, { stdio: ["ignore", "inherit", "inherit", "ipc"], serialization: "advanced" });
  t.after(async () => {
    const ended = once(child, "exit");
    if (child.exitCode === null && child.signalCode === null && child.kill("SIGKILL")) await ended;
  });
  const requests: RegistryRequest[] = [];
  const listening = new Promise<number>((resolve, reject) => {
    child.once("error", reject);
    child.once("exit", (code) => reject(new Error(`the registry ended with ${code}`)));
    child.on("message", (message) => {
      const { port, request } = message as { readonly port?: number; readonly request?: RegistryRequest };
      if (port !== undefined) resolve(port);
      if (request !== undefined) requests.push(request);
    });
  });
  child.send(options);
  return { address: `127.0.0.1:${await listening}`, requests };
}
