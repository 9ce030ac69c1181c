import { readFile } from "node:fs/promises";
import { formatFieldErrors } from "../../../apimachinery/field/errors.ts";
import { parseYaml } from "../../../apimachinery/yaml/yaml.ts";
import { OpenIdAuthenticator } from "../../../apiserver/authentication/openid/authenticator.ts";
import {
  type AuthenticationConfiguration,
  parseAuthenticationConfiguration,
} from "../../../apiserver/authentication/openid/configuration.ts";
import { httpsGet } from "../../../apiserver/authentication/openid/http-get.ts";
import { signingAlgorithms } from "../../../apiserver/authentication/openid/id-token.ts";
import { validateAuthentication } from "../../../apiserver/authentication/openid/validation.ts";
import { type Logger, realClock } from "../../../base/mod.ts";
import { CommandError } from "../../command-error.ts";
import type { AccessFlags } from "../../commands/access-options.ts";
import { usableFile } from "./usable-file.ts";

export interface OpenIdAccess {
  readonly authenticators: readonly OpenIdAuthenticator[];
  /** Where the file says it. */
  readonly anonymous: boolean | readonly string[] | undefined;
}

/** Issuers of tokens, by `--authentication-config` or by the `--oidc-…` flags. `taken`: the server's own issuers. */
export async function openIdOf(flags: AccessFlags, taken: readonly string[], logger: Logger): Promise<OpenIdAccess> {
  const fromFlags = await configurationOfFlags(flags);
  const make = (config: AuthenticationConfiguration, algorithms: readonly string[]): OpenIdAccess => {
    const { errors, expressions } = validateAuthentication(config, taken);
    if (errors.length > 0) throw new Error(formatFieldErrors(errors));
    const authenticators = config.jwt.map((one, i) => {
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
    const { anonymous } = config;
    const limited = anonymous?.enabled === true && anonymous.paths.length > 0 ? anonymous.paths : anonymous?.enabled;
    return { authenticators, anonymous: limited };
  };
  const fromFile = await usableFile("--authentication-config", flags.authenticationConfig, async (file) => {
    if (fromFlags !== undefined) throw new Error("it and the --oidc-… flags say the same: give one");
    const config = parseAuthenticationConfiguration(parseYaml(await readFile(file, "utf8")).value);
    return make(config, signingAlgorithms);
  });
  if (fromFile !== undefined) return fromFile;
  if (fromFlags === undefined) return { authenticators: [], anonymous: undefined };
  try {
    return make(fromFlags, algorithmsOf(flags.oidcSigningAlgs));
  } catch (error) {
    throw new CommandError(`the --oidc-… flags cannot be used: ${(error as Error).message}`, { cause: error });
  }
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
