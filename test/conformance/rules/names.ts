import { dotsInLabel, longerThan, notDNSLabel, notDNSSubdomain } from "./messages.ts";
import { type Cause, invalid, type KindRules, type Rule, refused, required } from "./rule.ts";

// What objects may be called: apimachinery/pkg/api/validation/generic.go and objectmeta.go, api/validation/path/name.go.

const name = "metadata.name";
const missing = refused({ [name]: undefined }, required(name, "name or generateName is required"));

export const subdomainName: Rule = {
  says: "the name is a subdomain",
  accepts: ["0.a-b", "x".repeat(253)].map((text) => ({ [name]: text })),
  refuses: [
    missing,
    ...["A", "a_b", "-a", "a..b"].map((text) => refused({ [name]: text }, invalid(name, text, notDNSSubdomain))),
    refused({ [name]: "x".repeat(254) }, invalid(name, "x".repeat(254), longerThan(253))),
  ],
};

/** `more` is said of a name that is too long by other rules. */
export const labelName = (...more: readonly Cause[]): Rule => ({
  says: "the name is a label",
  accepts: ["0-a", "x".repeat(63)].map((text) => ({ [name]: text })),
  refuses: [
    missing,
    refused({ [name]: "A" }, invalid(name, "A", notDNSLabel)),
    refused({ [name]: "a.b" }, invalid(name, "a.b", dotsInLabel)),
    refused({ [name]: "x".repeat(64) }, invalid(name, "x".repeat(64), longerThan(63)), ...more),
  ],
});

export const segmentName: Rule = {
  says: "the name fits into a path",
  accepts: ["A:b c", "...", "x".repeat(254)].map((text) => ({ [name]: text })),
  refuses: [
    missing,
    refused({ [name]: "a/b" }, invalid(name, "a/b", "may not contain '/'")),
    refused({ [name]: "a%b" }, invalid(name, "a%b", "may not contain '%'")),
    ...[".", ".."].map((text) => refused({ [name]: text }, invalid(name, text, `may not be '${text}'`))),
  ],
};

/** The rules of a kind, with that of its names. */
export const named = (rules: KindRules, rule: Rule): KindRules => ({
  ...rules,
  create: [...(rules.create ?? []), rule],
});
