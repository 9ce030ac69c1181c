import { type Command, InvalidArgumentError, Option } from "commander";
import { defaultDataDir } from "../data-dir.ts";
import { type AccessFlags, addAccessFlags } from "./access-options.ts";
import { type AuditFlags, addAuditFlags } from "./audit-options.ts";
import { addControllerFlags, type ControllerFlags } from "./controller-options.ts";
import { count, time } from "./numbers.ts";
import { addServiceAccountFlags, type ServiceAccountFlags } from "./service-account-options.ts";

export interface ServerFlags extends AccessFlags, AuditFlags, ControllerFlags, ServiceAccountFlags {
  readonly dataDir: string;
  readonly store: string;
  readonly bindAddress: string;
  readonly advertiseAddress?: string;
  readonly apiPort: number;
  readonly serviceCidr: string;
  readonly serviceNodePortRange: string;
  readonly clusterCidr: string;
  readonly nodeName?: string;
  readonly nodeIp?: string;
  readonly enableAdmissionPlugins?: string;
  readonly disableAdmissionPlugins?: string;
  readonly admissionControlConfigFile?: string;
  readonly encryptionProviderConfig?: string;
  readonly encryptionProviderConfigAutomaticReload: string;
  readonly enableAggregatorRouting: string;
  readonly maxRequestsInflight: number;
  readonly maxMutatingRequestsInflight: number;
  readonly enablePriorityAndFairness: string;
  readonly etcdCafile?: string;
  readonly etcdCertfile?: string;
  readonly etcdKeyfile?: string;
  readonly etcdHealthcheckTimeout: number;
  readonly etcdReadycheckTimeout: number;
  readonly logLevel: string;
}

/** Flags of the API server, under upstream's names where upstream has them. */
export function addServerFlags(command: Command): Command {
  const basic = command
    .option(
      "--data-dir <dir>",
      "where everything of this cluster lies: state, certificates, kubeconfigs",
      defaultDataDir,
    )
    .option(
      "--store <store>",
      "where objects are kept: sqlite (a file in the data directory), memory (gone at the end), or etcd=URL[,URL]",
      "sqlite",
    )
    .option("--bind-address <ip>", "address to listen on", "0.0.0.0")
    .option(
      "--advertise-address <ip>",
      "address under which others reach this server (default: that of the first network interface)",
    )
    .option("--api-port <port>", "port to listen on; 0 takes one that is free, another at each start", port, 6443)
    .option(
      "--service-cidr <cidr>[,<cidr>]",
      "range of service addresses, a second one for the other IP family",
      "10.96.0.0/16",
    )
    .option("--service-node-port-range <range>", "ports of nodes that services get", "30000-32767")
    .option(
      "--cluster-cidr <cidr>[,<cidr>]",
      "range of pod addresses, of which each node gets a part; a second one for the other IP family",
      "10.244.0.0/16",
    )
    .option("--node-name <name>", "a node on this machine, whose kubelet, proxy and DNS get credentials here")
    .option("--node-ip <ip>[,<ip>]", "its addresses, for the certificate of its kubelet");
  return addAuditFlags(addAccessFlags(addControllerFlags(addServiceAccountFlags(basic))))
    .option(
      "--enable-admission-plugins <name>[,<name>]",
      "admission plugins to run beside those that are on anyway; see docs/api-coverage.md",
    )
    .option("--disable-admission-plugins <name>[,<name>]", "admission plugins that are on, and shall not run")
    .option(
      "--admission-control-config-file <file>",
      "how admission plugins are configured: an apiserver.config.k8s.io/v1 AdmissionConfiguration",
    )
    .option(
      "--encryption-provider-config <file>",
      "how objects of some resources are encrypted in the store: an apiserver.config.k8s.io/v1 EncryptionConfiguration",
    )
    .addOption(
      new Option(
        "--encryption-provider-config-automatic-reload <yes>",
        "whether that file is read again when it changes",
      )
        .choices(["true", "false"])
        .default("false"),
    )
    .addOption(
      new Option(
        "--enable-aggregator-routing <yes>",
        "whether requests for API groups of services go to their endpoints; if not, to their cluster addresses",
      )
        .choices(["true", "false"])
        .default("true"),
    )
    .option("--max-requests-inflight <n>", "requests at once that only read; see the next two", count, 400)
    .option("--max-mutating-requests-inflight <n>", "requests at once that write", count, 200)
    .addOption(
      new Option(
        "--enable-priority-and-fairness <yes>",
        "whether the sum of these is shared out by PriorityLevelConfigurations; if not, each is a limit of its own (0: none)",
      )
        .choices(["true", "false"])
        .default("true"),
    )
    .option("--etcd-cafile <file>", "PEM file: the authority that signed etcd's certificate")
    .option("--etcd-certfile <file>", "PEM file: the client certificate for etcd")
    .option("--etcd-keyfile <file>", "PEM file: its key")
    .addOption(
      time("--etcd-healthcheck-timeout <time>", "how long etcd may take before the server is not well").default(
        2_000,
        "2s",
      ),
    )
    .addOption(
      time("--etcd-readycheck-timeout <time>", "how long etcd may take before the server is not ready").default(
        2_000,
        "2s",
      ),
    )
    .addOption(
      new Option("--log-level <level>", "least important messages that are written to standard error, as JSON")
        .choices(["debug", "info", "warn", "error"])
        .default("info"),
    );
}

function port(text: string): number {
  const value = Number(text);
  if (!Number.isInteger(value) || value < 0 || value > 65535) {
    throw new InvalidArgumentError("a port is a whole number from 0 to 65535");
  }
  return value;
}
