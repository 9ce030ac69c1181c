import { goQuote } from "../../text/go-quote.ts";

/** What is wrong with a part of an address, and the text it is wrong from. */
interface Flaw {
  readonly message: string;
  readonly at?: string;
}

/**
 * What Go's netip.ParseAddr says of a text that is no address: its checks in its order. `undefined` where it is one
 * (which zones and IPv4-mapped addresses are).
 */
export function addressError(text: string): string | undefined {
  const flaw = addressFlaw(text);
  if (flaw === undefined) return undefined;
  const at = flaw.at === undefined || flaw.at === "" ? "" : ` (at ${goQuote(flaw.at)})`;
  return `ParseAddr(${goQuote(text)}): ${flaw.message}${at}`;
}

function addressFlaw(text: string): Flaw | undefined {
  const first = /[.:%]/.exec(text)?.[0];
  if (first === ".") return ipv4Flaw(text);
  if (first === ":") return ipv6Flaw(text);
  return { message: first === "%" ? "missing IPv6 address" : "unable to parse IP" };
}

function ipv4Flaw(text: string): Flaw | undefined {
  let [value, field, digits] = [0, 0, 0];
  for (let index = 0; index < text.length; index++) {
    const c = text[index]!;
    if (c >= "0" && c <= "9") {
      if (digits === 1 && value === 0) return { message: "IPv4 field has octet with leading zero" };
      value = value * 10 + Number(c);
      digits++;
      if (value > 255) return { message: "IPv4 field has value >255" };
    } else if (c === ".") {
      if (index === 0 || index === text.length - 1 || text[index - 1] === ".") {
        return { message: "IPv4 field must have at least one digit", at: text.slice(index) };
      }
      if (field === 3) return { message: "IPv4 address too long" };
      field++;
      [value, digits] = [0, 0];
    } else return { message: "unexpected character", at: text.slice(index) };
  }
  return field < 3 ? { message: "IPv4 address too short" } : undefined;
}

function ipv6Flaw(text: string): Flaw | undefined {
  let rest = text;
  const percent = rest.indexOf("%");
  if (percent >= 0) {
    if (percent === rest.length - 1) return { message: "zone must be a non-empty string" };
    rest = rest.slice(0, percent);
  }
  let ellipsis = false;
  if (rest.startsWith("::")) {
    ellipsis = true;
    rest = rest.slice(2);
    if (rest === "") return undefined;
  }
  let filled = 0;
  while (filled < 16) {
    const group = /^[0-9a-fA-F]*/.exec(rest)![0];
    if (group.length > 4) return { message: "each group must have 4 or less digits", at: rest };
    if (group === "") return { message: "each colon-separated field must have at least one digit", at: rest };
    if (rest[group.length] === ".") {
      if ((!ellipsis && filled !== 12) || filled > 12) {
        const message =
          filled > 12
            ? "too many hex fields to fit an embedded IPv4 at the end of the address"
            : "embedded IPv4 address must replace the final 2 fields of the address";
        return { message, at: rest };
      }
      const flaw = ipv4Flaw(rest);
      if (flaw !== undefined) return flaw;
      filled += 4;
      rest = "";
      break;
    }
    filled += 2;
    rest = rest.slice(group.length);
    if (rest === "") break;
    if (!rest.startsWith(":")) return { message: "unexpected character, want colon", at: rest };
    if (rest === ":") return { message: "colon must be followed by more characters", at: rest };
    rest = rest.slice(1);
    if (!rest.startsWith(":")) continue;
    if (ellipsis) return { message: "multiple :: in address", at: rest };
    ellipsis = true;
    rest = rest.slice(1);
    if (rest === "") break;
  }
  if (rest !== "") return { message: "trailing garbage after address", at: rest };
  if (filled < 16 && !ellipsis) return { message: "address string too short" };
  return filled === 16 && ellipsis ? { message: "the :: must expand to at least one field of zeros" } : undefined;
}

/** What Go's netip.ParsePrefix says of a text that is no block; `undefined` where it is one. */
export function prefixError(text: string): string | undefined {
  const fail = (why: string): string => `netip.ParsePrefix(${goQuote(text)}): ${why}`;
  const slash = text.lastIndexOf("/");
  if (slash < 0) return fail("no '/'");
  const [address, bits] = [text.slice(0, slash), text.slice(slash + 1)];
  const wrong = addressError(address);
  if (wrong !== undefined) return fail(wrong);
  if (address.includes("%")) return fail("IPv6 zones cannot be present in a prefix");
  if (!/^(?:0|[1-9]\d*)$/.test(bits)) return fail(`bad bits after slash: ${goQuote(bits)}`);
  return Number(bits) > (address.includes(":") ? 128 : 32) ? fail("prefix length out of range") : undefined;
}
