import { readFile } from "node:fs/promises";
import type { FieldError } from "../../../apimachinery/field/error.ts";
import { forbidden, formatFieldErrors } from "../../../apimachinery/field/errors.ts";
import { parseYaml } from "../../../apimachinery/yaml/yaml.ts";
import { OpenIdAuthenticator } from "../../../apiserver/authentication/openid/authenticator.ts";
import {
  type AuthenticationConfiguration,
  parseAuthenticationConfiguration,
} from "../../../apiserver/authentication/openid/configuration.ts";
import { httpsGet } from "../../../apiserver/authentication/openid/http-get.ts";
import { signingAlgorithms } from "../../../apiserver/authentication/openid/id-token.ts";
import { OpenIdIssuers } from "../../../apiserver/authentication/openid/issuers.ts";
import { validateAuthentication } from "../../../apiserver/authentication/openid/validation.ts";
import { type Logger, realClock } from "../../../base/mod.ts";
import { CommandError } from "../../command-error.ts";
import type { AccessFlags } from "../../commands/access-options.ts";
import { type FollowedFiles, RefusedContentError } from "../reload/followed-files.ts";
import { reloadMetrics } from "../reload/reload-metrics.ts";
import type { FlagAccessOptions } from "./access.ts";
import { usableFile } from "./usable-file.ts";

export interface OpenIdAccess {
  readonly issuers: OpenIdIssuers;
  /** Where the file says it. */
  readonly anonymous: boolean | readonly string[] | undefined;
  readonly followed?: FollowedFiles;
}

type Options = Pick<FlagAccessOptions, "logger" | "metrics" | "serverId" | "signal">;

/**
 * Issuers of tokens, by `--authentication-config` or by the `--oidc-…` flags; undefined without either. `taken`: the server's
 * own issuers.
 */
export async function openIdOf(
  flags: AccessFlags,
  taken: readonly string[],
  options: Options,
): Promise<OpenIdAccess | undefined> {
  const { logger, signal } = options;
  const fromFlags = await configurationOfFlags(flags);
  const fromFile = await usableFile("--authentication-config", flags.authenticationConfig, (file) => {
    if (fromFlags !== undefined) throw new Error("it and the --oidc-… flags say the same: give one");
    return openIdOfFile(file, { ...options, taken, anonymousByFlag: flags.anonymousAuth !== undefined });
  });
  if (fromFile !== undefined || fromFlags === undefined) return fromFile;
  try {
    const authenticators = authenticatorsOf(fromFlags, {
      taken,
      logger,
      algorithms: algorithmsOf(flags.oidcSigningAlgs),
    });
    return { issuers: new OpenIdIssuers(authenticators, realClock, signal), anonymous: undefined };
  } catch (error) {
    throw new CommandError(`the --oidc-… flags cannot be used: ${(error as Error).message}`, { cause: error });
  }
}

interface FileOptions extends Options {
  readonly taken: readonly string[];
  /** A flag says who is anonymous: the file may not. */
  readonly anonymousByFlag: boolean;
}

async function openIdOfFile(file: string, options: FileOptions): Promise<OpenIdAccess> {
  const { logger, metrics, serverId, signal, taken, anonymousByFlag } = options;
  const rules = { taken, logger, algorithms: signingAlgorithms };
  const read = (text: string) => parseAuthenticationConfiguration(parseYaml(text).value);
  const content = await readFile(file, "utf8");
  const first = read(content);
  const issuers = new OpenIdIssuers(authenticatorsOf(first, rules), realClock, signal);
  const { anonymous } = first;
  if (anonymous !== undefined && anonymousByFlag) {
    const why =
      "--anonymous-auth flag cannot be set when anonymous field is configured in authentication configuration file";
    throw new Error(formatFieldErrors([forbidden("anonymous", why)]));
  }
  const limited = anonymous?.enabled === true && anonymous.paths.length > 0 ? anonymous.paths : anonymous?.enabled;
  const changed = (next: AuthenticationConfiguration): readonly FieldError[] =>
    JSON.stringify(next.anonymous) === JSON.stringify(anonymous)
      ? []
      : [forbidden("anonymous", "changed from initial configuration file")];
  return {
    issuers,
    anonymous: limited,
    followed: {
      what: "authentication config",
      files: [file],
      contents: [content],
      onOutcome: reloadMetrics(metrics, "authentication", { clock: realClock, serverId, content }),
      async apply([text = ""]) {
        let authenticators: readonly OpenIdAuthenticator[];
        try {
          const config = read(text);
          authenticators = authenticatorsOf(config, { ...rules, further: changed(config) });
        } catch (cause) {
          throw new RefusedContentError((cause as Error).message, { cause });
        }
        await issuers.replace(authenticators);
        return "applied";
      },
    },
  };
}

interface IssuerRules {
  readonly taken: readonly string[];
  readonly algorithms: readonly string[];
  readonly logger: Logger;
  /** What else is wrong. */
  readonly further?: readonly FieldError[];
}

function authenticatorsOf(config: AuthenticationConfiguration, rules: IssuerRules): readonly OpenIdAuthenticator[] {
  const { taken, algorithms, logger, further = [] } = rules;
  const { errors, expressions } = validateAuthentication(config, taken);
  const all = [...errors, ...further];
  if (all.length > 0) throw new Error(formatFieldErrors(all));
  return config.jwt.map((one, i) => {
    const { certificateAuthority: ca } = one.issuer;
    const get = httpsGet({ clock: realClock, ...(ca === "" ? {} : { ca }) });
    return new OpenIdAuthenticator({
      config: one,
      expressions: expressions[i]!,
      algorithms,
      get,
      clock: realClock,
      logger,
    });
  });
}

function algorithmsOf(text: string): readonly string[] {
  const names = text.split(",");
  const unknown = names.find((name) => !(signingAlgorithms as readonly string[]).includes(name));
  if (unknown !== undefined) throw new Error(`oidc: unsupported signing alg: "${unknown}"`);
  return names;
}

/** As pkg/kubeapiserver/options ToAuthenticationConfig reads them. */
async function configurationOfFlags(flags: AccessFlags): Promise<AuthenticationConfiguration | undefined> {
  const { oidcIssuerUrl: url = "", oidcClientId: audience = "", oidcUsernameClaim: claim } = flags;
  if (url === "" && audience === "") return undefined;
  if (url === "" || audience === "") {
    throw new CommandError("--oidc-issuer-url and --oidc-client-id belong together: give both, or neither");
  }
  const ca = await usableFile("--oidc-ca-file", flags.oidcCaFile, (file) => readFile(file, "utf8"));
  const given = flags.oidcUsernamePrefix;
  const prefix = given === "-" ? "" : given === "" && claim !== "email" ? `${url}#` : given;
  const groups = flags.oidcGroupsClaim;
  return {
    anonymous: undefined,
    jwt: [
      {
        issuer: {
          ...{ url, discoveryUrl: "", certificateAuthority: ca ?? "", audiences: [audience] },
          ...{ audienceMatchPolicy: "", egressSelectorType: "" },
        },
        claimMappings: {
          username: { claim, prefix, expression: "" },
          groups: { claim: groups, prefix: groups === "" ? undefined : flags.oidcGroupsPrefix, expression: "" },
          uid: { claim: "", expression: "" },
          extra: [],
        },
        claimValidationRules: flags.oidcRequiredClaim.map((text) => {
          const at = text.indexOf("=");
          return { claim: text.slice(0, at), requiredValue: text.slice(at + 1), expression: "", message: "" };
        }),
        userValidationRules: [],
      },
    ],
  };
}
