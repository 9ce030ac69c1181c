import type { UserInfo } from "../../../apimachinery/resource/object.ts";
import { goQuote } from "../../../apimachinery/text/go-quote.ts";
import type { JwtClaims } from "../jwt.ts";
import { extraCredentialId } from "../names.ts";
import { credentialId } from "../service-account-claims.ts";
import type { JwtAuthenticatorConfiguration } from "./configuration.ts";
import { evaluateExpression, type TokenExpression } from "./expressions.ts";
import type { IssuerExpressions } from "./validation.ts";

export interface ClaimRules {
  readonly config: JwtAuthenticatorConfiguration;
  readonly expressions: IssuerExpressions;
}

/** Whom verified claims stand for. Throws where a rule refuses them, in upstream's words (plugin/pkg/authenticator/token/oidc). */
export function userOfClaims(claims: JwtClaims, { config, expressions }: ClaimRules): UserInfo {
  const rules = { config, expressions };
  const username = usernameOf(claims, rules);
  const groups = groupsOf(claims, rules);
  const uid = uidOf(claims, rules);
  const extra = extraOf(claims, rules);
  const user: UserInfo = {
    username,
    groups,
    ...(uid === "" ? {} : { uid }),
    ...(Object.keys(extra).length === 0 ? {} : { extra }),
  };
  checkRequired(claims, config);
  checkRules(expressions.claimRules, { claims }, "oidc: error evaluating claim validation expression");
  const seen = { username, uid, groups, extra };
  checkRules(expressions.userRules, { user: seen }, "oidc: error evaluating user info validation rule");
  return user;
}

function usernameOf(claims: JwtClaims, { config, expressions }: ClaimRules): string {
  if (expressions.username !== undefined) {
    const value = mapped("oidc: error evaluating username claim expression", expressions.username, claims);
    if (typeof value !== "string") {
      throw new Error(
        "oidc: error evaluating username claim expression: username claim expression must return a string",
      );
    }
    if (value === "") throw new Error("oidc: empty username via CEL expression is not allowed");
    return value;
  }
  const { claim, prefix = "" } = config.claimMappings.username;
  const name = textClaim(claims, claim, `oidc: parse username claims ${goQuote(claim)}`);
  if (claim === "email" && claims["email_verified"] !== undefined) {
    const verified = claims["email_verified"];
    if (typeof verified !== "boolean") {
      throw new Error(`oidc: parse 'email_verified' claim: ${unmarshalProblem(verified, "bool")}`);
    }
    if (!verified) throw new Error("oidc: email not verified");
  }
  return prefix + name;
}

function groupsOf(claims: JwtClaims, { config, expressions }: ClaimRules): readonly string[] {
  const { claim, prefix = "" } = config.claimMappings.groups;
  if (claim !== "" && claims[claim] !== undefined) {
    const found = claims[claim];
    const list: readonly unknown[] = Array.isArray(found) ? found : [found];
    const wrong = list.find((one) => typeof one !== "string");
    if (wrong !== undefined || found === null) {
      throw new Error(`oidc: parse groups claim ${goQuote(claim)}: ${unmarshalProblem(found, "string")}`);
    }
    return list.map((group) => prefix + String(group));
  }
  if (expressions.groups === undefined) return [];
  const problem = "oidc: error evaluating group claim expression";
  return texts(mapped(problem, expressions.groups, claims), problem);
}

function uidOf(claims: JwtClaims, { config, expressions }: ClaimRules): string {
  const { claim } = config.claimMappings.uid;
  if (claim !== "") return textClaim(claims, claim, `oidc: parse uid claim ${goQuote(claim)}`);
  if (expressions.uid === undefined) return "";
  const problem = "oidc: error evaluating uid claim expression";
  const value = mapped(problem, expressions.uid, claims);
  if (typeof value !== "string") throw new Error(`${problem}: uid claim expression must return a string`);
  return value;
}

function extraOf(claims: JwtClaims, { expressions }: ClaimRules): Readonly<Record<string, readonly string[]>> {
  const extra: Record<string, readonly string[]> = {};
  const { jti } = claims;
  if (typeof jti === "string" && jti !== "") extra[extraCredentialId] = [credentialId(jti)];
  for (const { key, expression } of expressions.extra) {
    const problem = `oidc: error evaluating extra claim expression: ${expression.source}`;
    const values = texts(mapped(problem, expression, claims), problem);
    if (values.length > 0) extra[key] = values;
  }
  return extra;
}

function checkRequired(claims: JwtClaims, { claimValidationRules }: JwtAuthenticatorConfiguration): void {
  for (const { claim, requiredValue } of claimValidationRules) {
    if (claim === "") continue;
    if (claims[claim] === undefined) throw new Error(`oidc: required claim ${claim} not present in ID token`);
    const value = textClaim(claims, claim, `oidc: parse claim ${claim}`);
    if (value !== requiredValue) {
      throw new Error(`oidc: required claim ${claim} value does not match. Got = ${value}, want = ${requiredValue}`);
    }
  }
}

function checkRules(
  rules: IssuerExpressions["claimRules"],
  activation: Readonly<Record<string, unknown>>,
  problem: string,
): void {
  for (const { expression, message } of rules) {
    let value: unknown;
    try {
      value = evaluateExpression(expression, activation);
    } catch (cause) {
      throw new Error(`${problem}: ${(cause as Error).message}`, { cause });
    }
    if (typeof value !== "boolean") throw new Error(`${problem}: validation expression must return a boolean`);
    if (!value) throw new Error(`${problem}: validation expression '${expression.source}' failed: ${message}`);
  }
}

function mapped(problem: string, expression: TokenExpression, claims: JwtClaims): unknown {
  try {
    return evaluateExpression(expression, { claims });
  } catch (cause) {
    throw new Error(`${problem}: ${(cause as Error).message}`, { cause });
  }
}

/** A text or a list of them, the empty ones left out; null is none. */
function texts(value: unknown, problem: string): readonly string[] {
  if (value === null) return [];
  const list: readonly unknown[] = Array.isArray(value) ? value : [value];
  if (list.some((one) => typeof one !== "string")) {
    throw new Error(`${problem}: expression must return a string or a list of strings`);
  }
  return (list as readonly string[]).filter((one) => one !== "");
}

function textClaim(claims: JwtClaims, name: string, problem: string): string {
  const value = claims[name];
  if (value === undefined) throw new Error(`${problem}: claim not present`);
  if (typeof value !== "string") throw new Error(`${problem}: ${unmarshalProblem(value, "string")}`);
  return value;
}

/** As Go's encoding/json says it. */
function unmarshalProblem(value: unknown, type: string): string {
  const kind = Array.isArray(value)
    ? "array"
    : value === null
      ? "null"
      : typeof value === "boolean"
        ? "bool"
        : typeof value;
  return `json: cannot unmarshal ${kind} into Go value of type ${type}`;
}
