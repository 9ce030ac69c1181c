import { type Fields, readConfiguration } from "../../configuration/read-fields.ts";

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

/** Reads the file of `--authentication-config`, parsed as YAML or JSON. Throws for what it does not know; contents are checked later. */
export function parseAuthenticationConfiguration(content: unknown): AuthenticationConfiguration {
  const file = readConfiguration(content, {
    kind: "AuthenticationConfiguration",
    versions: ["v1", "v1beta1", "v1alpha1"],
    known: ["jwt", "anonymous"],
  });
  const anonymous = file.part("anonymous", ["enabled", "conditions"]);
  return {
    jwt: file
      .parts("jwt", ["issuer", "claimValidationRules", "claimMappings", "userValidationRules"])
      .map(jwtAuthenticator),
    anonymous: anonymous && {
      enabled: anonymous.flag("enabled"),
      paths: anonymous.parts("conditions", ["path"]).map((one) => one.text("path")),
    },
  };
}

const issuerFields = [
  ...["url", "discoveryURL", "certificateAuthority", "audiences", "audienceMatchPolicy", "egressSelectorType"],
];

function jwtAuthenticator(given: Fields): JwtAuthenticatorConfiguration {
  const issuer = given.part("issuer", issuerFields);
  const mappings = given.part("claimMappings", ["username", "groups", "uid", "extra"]);
  return {
    issuer: {
      url: issuer?.text("url") ?? "",
      discoveryUrl: issuer?.text("discoveryURL") ?? "",
      certificateAuthority: issuer?.text("certificateAuthority") ?? "",
      audiences: issuer?.texts("audiences") ?? [],
      audienceMatchPolicy: issuer?.text("audienceMatchPolicy") ?? "",
      egressSelectorType: issuer?.text("egressSelectorType") ?? "",
    },
    claimValidationRules: given
      .parts("claimValidationRules", ["claim", "requiredValue", "expression", "message"])
      .map((rule) => ({
        claim: rule.text("claim"),
        requiredValue: rule.text("requiredValue"),
        expression: rule.text("expression"),
        message: rule.text("message"),
      })),
    claimMappings: {
      username: mappingOf(mappings?.part("username", ["claim", "prefix", "expression"])),
      groups: mappingOf(mappings?.part("groups", ["claim", "prefix", "expression"])),
      uid: mappingOf(mappings?.part("uid", ["claim", "expression"])),
      extra: (mappings?.parts("extra", ["key", "valueExpression"]) ?? []).map((one) => ({
        key: one.text("key"),
        valueExpression: one.text("valueExpression"),
      })),
    },
    userValidationRules: given.parts("userValidationRules", ["expression", "message"]).map((rule) => ({
      expression: rule.text("expression"),
      message: rule.text("message"),
    })),
  };
}

function mappingOf(given: Fields | undefined): ClaimMapping {
  return {
    claim: given?.text("claim") ?? "",
    prefix: given?.optionalText("prefix"),
    expression: given?.text("expression") ?? "",
  };
}
