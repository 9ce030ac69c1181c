import { X509Certificate } from "node:crypto";
import type { FieldError } from "../../../apimachinery/field/error.ts";
import { duplicate, invalid, required } from "../../../apimachinery/field/errors.ts";
import { Path } from "../../../apimachinery/field/path.ts";
import { goQuote } from "../../../apimachinery/text/go-quote.ts";
import { isDomainPrefixedPath } from "../../../apimachinery/validation/domains.ts";
import type { AuthenticationConfiguration, ClaimMapping, JwtAuthenticatorConfiguration } from "./configuration.ts";
import { compileFor, readsField, type TokenExpression } from "./expressions.ts";

/** The expressions of one issuer, compiled. */
export interface IssuerExpressions {
  username?: TokenExpression;
  groups?: TokenExpression;
  uid?: TokenExpression;
  readonly extra: { readonly key: string; readonly expression: TokenExpression }[];
  readonly claimRules: { readonly expression: TokenExpression; readonly message: string }[];
  readonly userRules: { readonly expression: TokenExpression; readonly message: string }[];
}

/** Upstream: apiserver/pkg/apis/apiserver/validation, ValidateAuthenticationConfiguration. `taken`: issuers that are somebody else's. */
export function validateAuthentication(
  { jwt, anonymous }: AuthenticationConfiguration,
  taken: readonly string[],
): { readonly errors: readonly FieldError[]; readonly expressions: readonly IssuerExpressions[] } {
  const errors: FieldError[] = [];
  const expressions: IssuerExpressions[] = [];
  if (jwt.length > 64) errors.push(invalid("jwt", jwt.length, "must have at most 64 items"));
  const seen = { url: new Set<string>(), discoveryURL: new Set<string>() };
  for (const [i, one] of jwt.entries()) {
    const path = `jwt[${i}]`;
    const checked = validateJwt(one, path, taken);
    errors.push(...checked.errors);
    expressions.push(checked.expressions);
    const { url, discoveryUrl } = one.issuer;
    if (seen.url.has(url)) errors.push(duplicate(`${path}.issuer.url`, url));
    seen.url.add(url);
    if (discoveryUrl !== "" && seen.discoveryURL.has(discoveryUrl)) {
      errors.push(duplicate(`${path}.issuer.discoveryURL`, discoveryUrl));
    }
    seen.discoveryURL.add(discoveryUrl);
  }
  if (anonymous !== undefined && !anonymous.enabled && anonymous.paths.length > 0) {
    const conditions = anonymous.paths.map((path) => ({ path }));
    errors.push(
      invalid("anonymous.conditions", conditions, "enabled should be set to true when conditions are defined"),
    );
  }
  return { errors, expressions };
}

function validateJwt(config: JwtAuthenticatorConfiguration, path: string, taken: readonly string[]) {
  const expressions: IssuerExpressions = { extra: [], claimRules: [], userRules: [] };
  const errors = [
    ...validateIssuer(config.issuer, `${path}.issuer`, taken),
    ...validateClaimRules(config, `${path}.claimValidationRules`, expressions),
    ...validateMappings(config, `${path}.claimMappings`, expressions),
    ...validateUserRules(config, `${path}.userValidationRules`, expressions),
  ];
  return { errors, expressions };
}

function validateIssuer(
  issuer: JwtAuthenticatorConfiguration["issuer"],
  path: string,
  taken: readonly string[],
): FieldError[] {
  const { url, discoveryUrl, certificateAuthority, egressSelectorType } = issuer;
  const errors = url === "" ? [required(`${path}.url`)] : validateUrl(url, `${path}.url`, taken);
  if (discoveryUrl !== "") {
    const at = `${path}.discoveryURL`;
    const bare = (text: string): string => text.replace(/\/+$/, "");
    if (url !== "" && bare(url) === bare(discoveryUrl)) {
      errors.push(invalid(at, discoveryUrl, "discoveryURL must be different from URL"));
    }
    errors.push(...validateUrl(discoveryUrl, at, []));
  }
  errors.push(...validateAudiences(issuer, path));
  if (certificateAuthority !== "" && !isCertificate(certificateAuthority)) {
    errors.push(
      invalid(`${path}.certificateAuthority`, "<omitted>", "data does not contain any valid RSA or ECDSA certificates"),
    );
  }
  if (egressSelectorType !== "" && egressSelectorType !== "controlplane" && egressSelectorType !== "cluster") {
    const detail = "egress selector must be either controlplane or cluster";
    errors.push(invalid(`${path}.egressSelectorType`, egressSelectorType, detail));
  }
  return errors;
}

function isCertificate(pem: string): boolean {
  try {
    return new X509Certificate(pem).subject !== undefined;
  } catch {
    return false; // That it cannot be read is the answer.
  }
}

function validateUrl(text: string, path: string, taken: readonly string[]): FieldError[] {
  const errors: FieldError[] = [];
  if (taken.includes(text)) {
    errors.push(invalid(path, text, `URL must not overlap with disallowed issuers: [${[...taken].sort().join(" ")}]`));
  }
  if (!/^[a-zA-Z][a-zA-Z0-9+.-]*:\/\//.test(text)) return [...errors, invalid(path, text, "URL scheme must be https")];
  let url: URL;
  try {
    url = new URL(text);
  } catch {
    return [...errors, invalid(path, text, `parse ${goQuote(text)}: invalid URI for request`)];
  }
  if (url.protocol !== "https:") errors.push(invalid(path, text, "URL scheme must be https"));
  if (url.username !== "" || url.password !== "") {
    errors.push(invalid(path, text, "URL must not contain a username or password"));
  }
  if (url.search !== "") errors.push(invalid(path, text, "URL must not contain a query"));
  if (url.hash !== "") errors.push(invalid(path, text, "URL must not contain a fragment"));
  return errors;
}

function validateAudiences(
  { audiences, audienceMatchPolicy }: JwtAuthenticatorConfiguration["issuer"],
  path: string,
): FieldError[] {
  const at = `${path}.audiences`;
  if (audiences.length === 0) return [required(at, `at least one ${at} is required`)];
  const errors: FieldError[] = [];
  for (const [i, audience] of audiences.entries()) {
    if (audience === "") errors.push(required(`${at}[${i}]`));
    if (audiences.indexOf(audience) < i) errors.push(duplicate(`${at}[${i}]`, audience));
  }
  const policy = `${path}.audienceMatchPolicy`;
  if (audiences.length > 1 && audienceMatchPolicy !== "MatchAny") {
    errors.push(invalid(policy, audienceMatchPolicy, "audienceMatchPolicy must be MatchAny for multiple audiences"));
  }
  if (audiences.length === 1 && audienceMatchPolicy !== "" && audienceMatchPolicy !== "MatchAny") {
    const detail = "audienceMatchPolicy must be empty or MatchAny for single audience";
    errors.push(invalid(policy, audienceMatchPolicy, detail));
  }
  return errors;
}

function validateClaimRules(
  { claimValidationRules: rules }: JwtAuthenticatorConfiguration,
  path: string,
  { claimRules }: IssuerExpressions,
): FieldError[] {
  const claims = new Set<string>();
  const sources = new Set<string>();
  return rules.flatMap(({ claim, requiredValue, expression: source, message }, i) => {
    const at = `${path}[${i}]`;
    if (claim !== "" && source !== "") return [invalid(at, claim, "claim and expression can't both be set")];
    if (claim === "" && source === "") return [required(at, "claim or expression is required")];
    const errors: FieldError[] = [];
    if (claim !== "") {
      if (message !== "") errors.push(invalid(`${at}.message`, message, "may not be specified when claim is set"));
      if (claims.has(claim)) errors.push(duplicate(`${at}.claim`, claim));
      claims.add(claim);
      return errors;
    }
    if (requiredValue !== "") {
      errors.push(invalid(`${at}.requiredValue`, requiredValue, "may not be specified when expression is set"));
    }
    if (sources.has(source)) return [...errors, duplicate(`${at}.expression`, source)];
    sources.add(source);
    const compiled = compile("claims", "rule", source, `${at}.expression`, errors);
    if (compiled !== undefined) claimRules.push({ expression: compiled, message });
    return errors;
  });
}

function validateMappings(
  { claimMappings }: JwtAuthenticatorConfiguration,
  path: string,
  expressions: IssuerExpressions,
): FieldError[] {
  const { username, groups, uid, extra } = claimMappings;
  const errors: FieldError[] = [];
  const name = validateMapping(username, `${path}.username`, true, errors);
  if (name !== undefined) expressions.username = name;
  const group = validateMapping(groups, `${path}.groups`, false, errors);
  if (group !== undefined) expressions.groups = group;
  if (uid.claim !== "" && uid.expression !== "") {
    errors.push(invalid(`${path}.uid`, "", "claim and expression can't both be set"));
  } else if (uid.expression !== "") {
    const compiled = compile("claims", "mapping", uid.expression, `${path}.uid.expression`, errors);
    if (compiled !== undefined) expressions.uid = compiled;
  }
  errors.push(...validateExtra(extra, `${path}.extra`, expressions));
  const verified = [
    name,
    ...expressions.extra.map(({ expression }) => expression),
    ...expressions.claimRules.map(({ expression }) => expression),
  ];
  const reads = (expression: TokenExpression | undefined, field: string): boolean =>
    expression !== undefined && readsField(expression, "claims", field);
  if (reads(name, "email") && !verified.some((one) => reads(one, "email_verified"))) {
    const where =
      "claimMappings.username.expression or claimMappings.extra[*].valueExpression or claimValidationRules[*].expression";
    const detail = `claims.email_verified must be used in ${where} when claims.email is used in claimMappings.username.expression`;
    errors.push(invalid(`${path}.username.expression`, username.expression, detail));
  }
  return errors;
}

function validateMapping(
  { claim, prefix, expression }: ClaimMapping,
  path: string,
  needed: boolean,
  errors: FieldError[],
): TokenExpression | undefined {
  if (claim !== "" && expression !== "") {
    errors.push(invalid(path, "", "claim and expression can't both be set"));
    return undefined;
  }
  if (claim === "" && expression === "") {
    if (needed) errors.push(required(path, "claim or expression is required"));
    return undefined;
  }
  if (expression !== "") {
    if (prefix !== undefined)
      errors.push(invalid(`${path}.prefix`, prefix, "may not be specified when expression is set"));
    return compile("claims", "mapping", expression, `${path}.expression`, errors);
  }
  if (prefix === undefined) {
    const detail = "prefix is required when claim is set. It can be set to an empty string to disable prefixing";
    errors.push(required(`${path}.prefix`, detail));
  }
  return undefined;
}

function validateExtra(
  extra: JwtAuthenticatorConfiguration["claimMappings"]["extra"],
  path: string,
  expressions: IssuerExpressions,
): FieldError[] {
  const keys = new Set<string>();
  return extra.flatMap(({ key, valueExpression }, i) => {
    const at = `${path}[${i}]`;
    const errors: FieldError[] = [...isDomainPrefixedPath(new Path(undefined, `${at}.key`), key)];
    if (key !== key.toLowerCase()) errors.push(invalid(`${at}.key`, key, "must be lowercase"));
    if (/(^|\.)(kubernetes|k8s)\.io\//.test(key)) {
      const detail = "k8s.io, kubernetes.io and their subdomains are reserved for Kubernetes use";
      errors.push(invalid(`${at}.key`, key, detail));
    }
    if (keys.has(key)) return [...errors, duplicate(`${at}.key`, key)];
    keys.add(key);
    if (valueExpression === "") return [...errors, required(`${at}.valueExpression`)];
    const compiled = compile("claims", "mapping", valueExpression, `${at}.valueExpression`, errors);
    if (compiled !== undefined) expressions.extra.push({ key, expression: compiled });
    return errors;
  });
}

function validateUserRules(
  { userValidationRules: rules }: JwtAuthenticatorConfiguration,
  path: string,
  { userRules }: IssuerExpressions,
): FieldError[] {
  const sources = new Set<string>();
  return rules.flatMap(({ expression: source, message }, i) => {
    const at = `${path}[${i}].expression`;
    if (source === "") return [required(at)];
    if (sources.has(source)) return [duplicate(at, source)];
    sources.add(source);
    const errors: FieldError[] = [];
    const compiled = compile("user", "rule", source, at, errors);
    if (compiled !== undefined) userRules.push({ expression: compiled, message });
    return errors;
  });
}

function compile(
  variable: "claims" | "user",
  kind: "mapping" | "rule",
  source: string,
  path: string,
  errors: FieldError[],
): TokenExpression | undefined {
  const compiled = compileFor(variable, kind, source);
  if ("expression" in compiled) return compiled.expression;
  errors.push(invalid(path, source, compiled.problem));
  return undefined;
}
