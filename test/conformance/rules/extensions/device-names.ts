import { longerThan, notCIdentifier, notDNSLabel, notDNSSubdomain } from "../messages.ts";
import { type Change, forbidden, invalid, type Json, type Rule, refused, required, tooLong, tooMany } from "../rule.ts";
import { notDeclared } from "./match-rules.ts";

// Rules that several kinds of dynamic resources have at several places. `but` is the change that sets the field.

type Setter = (value: Json) => Change;

export const driverRule = (place: string, but: Setter): Rule => ({
  says: `${place} is a domain of 63 bytes, in any case`,
  accepts: ["A.b", "a".repeat(63)].map(but),
  refuses: [
    refused(but(""), required(place)),
    refused(but("a_b"), invalid(place, "a_b", notDNSSubdomain)),
    refused(but("a".repeat(64)), tooLong(place, "may not be more than 63 bytes")),
  ],
});

export const labelRule = (place: string, but: Setter): Rule => ({
  says: `${place} is a label of DNS`,
  accepts: ["0", "a".repeat(63)].map(but),
  refuses: [
    refused(but(""), invalid(place, "", notDNSLabel)),
    refused(but("a".repeat(64)), invalid(place, "a".repeat(64), longerThan(63))),
  ],
});

export const poolRule = (place: string, but: Setter): Rule => ({
  says: `${place} is of DNS subdomains between slashes, of 253 bytes in all`,
  accepts: ["a.b/c/0", "a".repeat(253)].map(but),
  refuses: [
    refused(but(""), required(place)),
    refused(but("a//B"), invalid(place, "", notDNSSubdomain), invalid(place, "B", notDNSSubdomain)),
    refused(but(`${"a".repeat(127)}/${"b".repeat(126)}`), tooLong(place, "may not be more than 253 bytes")),
  ],
});

const short = "may not be more than 32 bytes";

/** Of a name within the map at the place, or of the field that is there. */
export const qualifiedRule = (place: string, but: Setter): Rule => ({
  says: `names of ${place} are identifiers, behind a domain if there is one`,
  accepts: ["a_B9", "A.b/c", "a".repeat(32)].map(but),
  refuses: [
    refused(but("a-b"), invalid(place, "a-b", notCIdentifier)),
    refused(but("a".repeat(33)), tooLong(place, short)),
    refused(but("/b"), invalid(place, "", "the domain must not be empty")),
    refused(but("a/"), invalid(place, "", "the name must not be empty")),
    refused(but("a_/b-"), invalid(place, "a_", notDNSSubdomain), invalid(place, "b-", notCIdentifier)),
  ],
});

export const fullyQualifiedRule = (place: string, but: Setter): Rule => ({
  says: `${place} is an identifier behind a domain`,
  accepts: but("a.b/c"),
  refuses: [
    refused(but("a"), invalid(place, "a", "a fully qualified name must be a domain and a name separated by a slash")),
    refused(but("a/b-"), invalid(place, "b-", notCIdentifier)),
  ],
});

const cel = (expression: string): Json => ({ cel: { expression } });
const loop = (body: string): string => `device.attributes["a"].all(b, ${body})`;

export function selectorListRules(place: string): readonly Rule[] {
  const one = `${place}[0].cel.expression`;
  return [
    {
      says: `there are up to 32 ${place}`,
      accepts: { [place]: Array(32).fill(cel("true")) },
      refuses: refused({ [place]: Array(33).fill(cel("true")) }, tooMany(place, 33, "must have at most 32 items")),
    },
    {
      says: `${place} are expressions that give a bool, or what is not known`,
      accepts: ['device.driver == "a"', 'device.attributes["a"].b'].map((text) => ({ [place]: [cel(text)] })),
      refuses: [
        refused({ [place]: [{}] }, required(`${place}[0].cel`)),
        refused({ [place]: [cel("a")] }, invalid(one, "a", notDeclared("a"))),
        refused({ [place]: [cel("1")] }, invalid(one, "1", "must evaluate to bool or the unknown type, not int")),
      ],
    },
    {
      says: `${place} are of ten kibibytes, and bounded in their cost`,
      accepts: [loop("true"), `"${"a".repeat(10_233)}"==""`].map((text) => ({ [place]: [cel(text)] })),
      refuses: [
        refused({ [place]: [cel(`"${"a".repeat(10_240)}"==""`)] }, tooLong(one, "may not be more than 10240 bytes")),
        refused(
          { [place]: [cel(loop(loop(loop(loop(loop("true"))))))] },
          forbidden(one, "too complex, exceeds cost limit"),
        ),
      ],
    },
  ];
}

const opaque = (parameters: Json, driver: Json = "a"): Json => ({ opaque: { driver, parameters } });

/** Of what drivers are told; `more` stands in each item as well. */
export function configurationRules(
  place: string,
  max = 32,
  more: { readonly [key: string]: Json } = {},
): readonly Rule[] {
  const of = (...items: readonly Json[]): Change => ({
    [place]: items.map((item) => ({ ...(item as object), ...more })),
  });
  const at = `${place}[0].opaque`;
  return [
    {
      says: `there are up to ${max} of ${place}`,
      accepts: of(...Array(max).fill(opaque({}))),
      refuses: refused(
        of(...Array(max + 1).fill(opaque({}))),
        tooMany(place, max + 1, `must have at most ${max} items`),
      ),
    },
    {
      says: `${place} are for a driver`,
      accepts: of(opaque({ a: 1 })),
      refuses: refused(of({}), required(`${place}[0].opaque`)),
    },
    driverRule(`${at}.driver`, (driver) => of(opaque({}, driver))),
    {
      says: `parameters of ${place} are an object of ten kibibytes`,
      accepts: of(opaque({ a: "b".repeat(10_232) })),
      refuses: [
        refused(of(opaque(null)), required(`${at}.parameters`)),
        refused(of(opaque({ a: "b".repeat(10_233) })), tooLong(`${at}.parameters`, "may not be more than 10240 bytes")),
        refused(of(opaque([])), invalid(`${at}.parameters`, "<value omitted>", "must be a valid JSON object")),
      ],
    },
  ];
}
