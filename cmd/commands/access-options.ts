import { type Command, Option } from "commander";
import { time } from "./numbers.ts";

/** How the API server knows its users, and what they may. */
export interface AccessFlags {
  /** Absent: true, unless a file says otherwise. */
  readonly anonymousAuth?: string;
  readonly authenticationConfig?: string;
  readonly tokenAuthFile?: string;
  readonly oidcIssuerUrl?: string;
  readonly oidcClientId?: string;
  readonly clientCaFile?: string;
  readonly oidcCaFile?: string;
  readonly oidcUsernameClaim: string;
  readonly oidcUsernamePrefix: string;
  readonly oidcGroupsClaim: string;
  readonly oidcGroupsPrefix: string;
  readonly oidcSigningAlgs: string;
  readonly oidcRequiredClaim: readonly string[];
  readonly authenticationTokenWebhookConfigFile?: string;
  readonly authenticationTokenWebhookVersion: string;
  readonly authenticationTokenWebhookCacheTtl: number;
  readonly authorizationConfig?: string;
  readonly authorizationMode: string;
  readonly authorizationPolicyFile?: string;
  readonly authorizationWebhookConfigFile?: string;
  readonly authorizationWebhookVersion: string;
  readonly authorizationWebhookCacheAuthorizedTtl: number;
  readonly authorizationWebhookCacheUnauthorizedTtl: number;
}

/** Under upstream's names. */
export function addAccessFlags(command: Command): Command {
  addOpenIdFlags(
    command.addOption(
      new Option(
        "--anonymous-auth <yes>",
        "whether requests without a credential are taken, as system:anonymous; they are unless a file says otherwise",
      )
        .choices(["true", "false"])
        .default(undefined, "true"),
    ),
  )
    .option(
      "--client-ca-file <file>",
      "PEM file: authorities of certificates that name users, beside the cluster's own; read again when it changes",
    )
    .option("--token-auth-file <file>", 'users by fixed tokens: a line token,user,uid,"group1,group2" each')
    .option(
      "--authentication-token-webhook-config-file <file>",
      "kubeconfig of a webhook that says whom bearer tokens stand for",
    )
    .addOption(versionOption("--authentication-token-webhook-version <version>", "authentication.k8s.io"))
    .addOption(
      time("--authentication-token-webhook-cache-ttl <time>", "how long its answers are believed").default(
        120_000,
        "2m",
      ),
    );
  return addAuthorizationFlags(command);
}

function addOpenIdFlags(command: Command): Command {
  return command
    .option(
      "--authentication-config <file>",
      "issuers of tokens, and who is anonymous: an apiserver.config.k8s.io/v1 AuthenticationConfiguration",
    )
    .option("--oidc-issuer-url <url>", "one issuer of tokens, by OpenID Connect, instead of a file")
    .option("--oidc-client-id <id>", "the audience of its tokens")
    .option("--oidc-ca-file <file>", "PEM file: the authority that signed its certificate")
    .option("--oidc-username-claim <claim>", "claim of its tokens that is the user's name", "sub")
    .option("--oidc-username-prefix <text>", "what stands before the name; - is nothing", "")
    .option("--oidc-groups-claim <claim>", "claim of its tokens that has the user's groups", "")
    .option("--oidc-groups-prefix <text>", "what stands before each group", "")
    .option("--oidc-signing-algs <names>", "algorithms that may have signed its tokens", "RS256")
    .addOption(
      new Option("--oidc-required-claim <claim=value>", "a claim that its tokens must have; may be given again")
        .argParser(collect)
        .default([], "none at all"),
    );
}

function addAuthorizationFlags(command: Command): Command {
  return command
    .option(
      "--authorization-config <file>",
      "who decides what a user may: an apiserver.config.k8s.io/v1 AuthorizationConfiguration, instead of a mode",
    )
    .option(
      "--authorization-mode <modes>",
      "who decides what a user may, in this order: Node, RBAC, ABAC, Webhook, AlwaysAllow, AlwaysDeny",
      "Node,RBAC",
    )
    .option("--authorization-policy-file <file>", "policies of the mode ABAC: an object of JSON a line")
    .option("--authorization-webhook-config-file <file>", "kubeconfig of the webhook of the mode Webhook")
    .addOption(versionOption("--authorization-webhook-version <version>", "authorization.k8s.io"))
    .addOption(
      time("--authorization-webhook-cache-authorized-ttl <time>", "how long its consent is believed").default(
        300_000,
        "5m",
      ),
    )
    .addOption(
      time("--authorization-webhook-cache-unauthorized-ttl <time>", "how long its refusal is believed").default(
        30_000,
        "30s",
      ),
    );
}

function collect(value: string, before: readonly string[]): readonly string[] {
  return [...before, value];
}

function versionOption(flags: string, group: string): Option {
  return new Option(flags, `version of ${group} that it is asked in`).choices(["v1", "v1beta1"]).default("v1beta1");
}
