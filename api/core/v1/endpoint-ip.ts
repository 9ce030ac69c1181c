import type { FieldError } from "../../../apimachinery/field/error.ts";
import { invalid } from "../../../apimachinery/field/errors.ts";
import type { Path } from "../../../apimachinery/field/path.ts";
import { type IpAddress, parseIP } from "../../../apimachinery/net/ip.ts";

/**
 * Addresses that traffic is sent to: not those which mean a machine itself, its link or nothing. Global multicast passes
 * (pkg/apis/core/validation/validation.go ValidateEndpointIP).
 */
export function addEndpointIPErrors(errors: FieldError[], text: string, place: () => Path): void {
  const ip = parseIP(text);
  if (ip === undefined) {
    errors.push(invalid(place(), text, "must be a valid IP address"));
    return;
  }
  const wrong = specialRange(ip, text);
  if (wrong !== undefined) errors.push(invalid(place(), text, wrong));
}

function specialRange({ bytes }: IpAddress, text: string): string | undefined {
  const [first = 0, second = 0, third = 0] = bytes;
  const v4 = bytes.length === 4;
  const leadingZeros = bytes.subarray(0, bytes.length - 1).every((byte) => byte === 0);
  if (leadingZeros && bytes[bytes.length - 1] === 0) return `may not be unspecified (${text})`;
  if (v4 ? first === 127 : leadingZeros && bytes[15] === 1) {
    return "may not be in the loopback range (127.0.0.0/8, ::1/128)";
  }
  if (v4 ? first === 169 && second === 254 : first === 0xfe && (second & 0xc0) === 0x80) {
    return "may not be in the link-local range (169.254.0.0/16, fe80::/10)";
  }
  if (v4 ? first === 224 && second === 0 && third === 0 : first === 0xff && (second & 0x0f) === 0x02) {
    return "may not be in the link-local multicast range (224.0.0.0/24, ff02::/10)";
  }
  return undefined;
}
