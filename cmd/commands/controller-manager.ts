import type { Command } from "commander";
import { addLeaderFlags, type LeaderFlags } from "./component-options.ts";
import { addControllerFlags, type ControllerFlags } from "./controller-options.ts";

const kubeconfig = "controller-manager.conf";

interface Flags extends LeaderFlags, ControllerFlags {
  readonly clusterCidr: string;
  readonly serviceCidr: string;
  readonly serviceAccountPrivateKeyFile?: string;
}

export function addControllerManagerCommand(program: Command): void {
  const command = program
    .command("controller-manager")
    .description("run the controllers alone, until SIGTERM or SIGINT");
  addLeaderFlags(command, kubeconfig)
    .option("--cluster-cidr <cidr>[,<cidr>]", "range of pod addresses, of which each node gets a part", "10.244.0.0/16")
    .option("--service-cidr <cidr>[,<cidr>]", "range of service addresses", "10.96.0.0/16")
    .option(
      "--service-account-private-key-file <file>",
      "PEM file: the key that signs the tokens of secrets (default: sa.key in the data directory)",
    );
  addControllerFlags(command).action(async (flags: Flags) => {
    const { legacyTokenSigner } = await import("../../apiserver/authentication/legacy-token-signer.ts");
    const { runAllControllers } = await import("../../controllers/mod.ts");
    const { runLeader } = await import("../components/component.ts");
    const { serviceAccountClients } = await import("../components/service-account-clients.ts");
    const { readServiceAccountKey } = await import("../components/service-account-key.ts");
    const { signingOf } = await import("../components/signing.ts");
    const { followFiles } = await import("../server/reload/followed-files.ts");
    const key = await readServiceAccountKey(flags.dataDir, flags.serviceAccountPrivateKeyFile);
    const signing = await signingOf(flags, flags.dataDir);
    await runLeader(
      { name: "controller-manager", kubeconfig, lease: "kube-controller-manager" },
      flags,
      async (parts, signal) => {
        if (key === undefined) parts.logger.info("there is no sa.key: secrets get no service account tokens");
        if (signing === undefined) parts.logger.info("there is no authority's key: nobody signs certificates");
        for (const files of signing?.followed ?? []) void followFiles(files, parts, signal);
        await runAllControllers(
          {
            ...parts,
            clientAs: serviceAccountClients(parts),
            rootCa: parts.access.ca ?? "",
            signToken: key && legacyTokenSigner(key),
            signing: signing?.signing,
            legacyTokenCleanUpMs: flags.legacyServiceAccountTokenCleanUpPeriod,
            ...(flags.allocateNodeCidrs === "true" && { clusterCidr: flags.clusterCidr.split(",") }),
            serviceCidrs: flags.serviceCidr.split(","),
          },
          signal,
        );
      },
    );
  });
}
