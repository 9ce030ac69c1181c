import type { Command } from "commander";
import { time } from "./numbers.ts";

/** Which authority signs the certificates that clients ask for, under upstream's names. */
export interface SigningFlags {
  readonly clusterSigningCertFile?: string;
  readonly clusterSigningKeyFile?: string;
  readonly clusterSigningKubeletServingCertFile?: string;
  readonly clusterSigningKubeletServingKeyFile?: string;
  readonly clusterSigningKubeletClientCertFile?: string;
  readonly clusterSigningKubeletClientKeyFile?: string;
  readonly clusterSigningKubeApiserverClientCertFile?: string;
  readonly clusterSigningKubeApiserverClientKeyFile?: string;
  readonly clusterSigningLegacyUnknownCertFile?: string;
  readonly clusterSigningLegacyUnknownKeyFile?: string;
  readonly clusterSigningDuration: number;
}

const signers = {
  "kubelet-serving": "kubelet-serving",
  "kubelet-client": "kube-apiserver-client-kubelet",
  "kube-apiserver-client": "kube-apiserver-client",
  "legacy-unknown": "legacy-unknown",
};

export function addSigningFlags(command: Command): Command {
  command
    .option(
      "--cluster-signing-cert-file <file>",
      "PEM file: the authority that signs the certificates that clients ask for (default: ca.crt in the data directory, where its key is beside it)",
    )
    .option("--cluster-signing-key-file <file>", "PEM file: its key");
  for (const [flag, signer] of Object.entries(signers)) {
    command
      .option(
        `--cluster-signing-${flag}-cert-file <file>`,
        `PEM file: the authority of the signer kubernetes.io/${signer}, if each has its own`,
      )
      .option(`--cluster-signing-${flag}-key-file <file>`, "PEM file: its key");
  }
  return command.addOption(
    time(
      "--cluster-signing-duration <time>",
      "how long such certificates hold; requests may ask for less, down to ten minutes",
    ).default(8760 * 3_600_000, "8760h"),
  );
}
