import { each, readConfiguration, type Shaped, texts } from "../../configuration/shaped.ts";

/** One issuer of tokens, as AuthenticationConfiguration (apiserver.config.k8s.io/v1) has it. */
export interface JwtAuthenticatorConfiguration {
  readonly issuer: {
    readonly url: string;
    /** Where its discovery document lies, if not below `url`. Empty: there. */
    readonly discoveryUrl: string;
    /** PEM. Empty: this machine's authorities. */
    readonly certificateAuthority: string;
    readonly audiences: readonly string[];
    readonly audienceMatchPolicy: string;
    readonly egressSelectorType: string;
  };
  readonly claimValidationRules: readonly ClaimValidationRule[];
  readonly claimMappings: {
    readonly username: ClaimMapping;
    readonly groups: ClaimMapping;
    readonly uid: Pick<ClaimMapping, "claim" | "expression">;
    readonly extra: readonly { readonly key: string; readonly valueExpression: string }[];
  };
  readonly userValidationRules: readonly { readonly expression: string; readonly message: string }[];
}
/** A claim, with what is put before its value; or an expression. */
export interface ClaimMapping {
  readonly claim: string;
  /** Undefined where it is not said, which is not the same as empty. */
  readonly prefix: string | undefined;
  readonly expression: string;
}
export interface ClaimValidationRule {
  readonly claim: string;
  readonly requiredValue: string;
  readonly expression: string;
  readonly message: string;
}

export interface AuthenticationConfiguration {
  readonly jwt: readonly JwtAuthenticatorConfiguration[];
  /** Undefined: as flags say. */
  readonly anonymous: { readonly enabled: boolean; readonly paths: readonly string[] } | undefined;
}

const mapping = each("text", "claim", "prefix", "expression");

const jwtShape = {
  issuer: {
    ...each("text", "url", "discoveryURL", "certificateAuthority", "audienceMatchPolicy", "egressSelectorType"),
    audiences: texts,
  },
  claimValidationRules: [each("text", "claim", "requiredValue", "expression", "message")],
  claimMappings: {
    username: mapping,
    groups: mapping,
    uid: each("text", "claim", "expression"),
    extra: [each("text", "key", "valueExpression")],
  },
  userValidationRules: [each("text", "expression", "message")],
} as const;

/** Reads the file of `--authentication-config`, parsed as YAML or JSON. Throws for what it does not know; contents are checked later. */
export function parseAuthenticationConfiguration(content: unknown): AuthenticationConfiguration {
  const { jwt = [], anonymous } = readConfiguration(content, {
    kind: "AuthenticationConfiguration",
    versions: ["v1", "v1beta1", "v1alpha1"],
    shape: { jwt: [jwtShape], anonymous: { enabled: "flag", conditions: [{ path: "text" }] } },
  });
  return {
    jwt: jwt.map(jwtAuthenticator),
    anonymous: anonymous && {
      enabled: anonymous.enabled ?? false,
      paths: (anonymous.conditions ?? []).map(({ path = "" }) => path),
    },
  };
}

function jwtAuthenticator(given: Shaped<typeof jwtShape>): JwtAuthenticatorConfiguration {
  const { issuer = {}, claimMappings = {}, claimValidationRules = [], userValidationRules = [] } = given;
  const { url = "", discoveryURL: discoveryUrl = "", certificateAuthority = "", audiences = [] } = issuer;
  const { audienceMatchPolicy = "", egressSelectorType = "" } = issuer;
  return {
    issuer: { url, discoveryUrl, certificateAuthority, audiences, audienceMatchPolicy, egressSelectorType },
    claimValidationRules: claimValidationRules.map((rule) => ({
      ...{ claim: "", requiredValue: "", expression: "", message: "" },
      ...rule,
    })),
    claimMappings: {
      username: mappingOf(claimMappings.username),
      groups: mappingOf(claimMappings.groups),
      uid: { claim: "", expression: "", ...claimMappings.uid },
      extra: (claimMappings.extra ?? []).map((one) => ({ key: "", valueExpression: "", ...one })),
    },
    userValidationRules: userValidationRules.map((rule) => ({ expression: "", message: "", ...rule })),
  };
}

function mappingOf(given: Shaped<typeof mapping> = {}): ClaimMapping {
  return { claim: "", prefix: undefined, expression: "", ...given };
}
