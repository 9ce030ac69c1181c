import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { canonicalQuantity, Quantity, QuantityError } from "./quantity.ts";

test("a text's canonical form is upstream's", () => {
  const table: Readonly<Record<string, string>> = {
    // Canonical already, or near enough to stay.
    "0": "0",
    "1": "1",
    "1Ki": "1Ki",
    "500m": "500m",
    "1e3": "1e3",
    "1E3": "1E3",
    "1e14": "100e12",
    "+5": "+5",
    "05": "05",
    "1.500": "1.500",
    "100Ki": "100Ki",
    "1025Ki": "1025Ki",
    "1500Mi": "1500Mi",
    // Zero, however it is written.
    "0Ki": "0",
    "0m": "0",
    "00": "0",
    "-0": "0",
    ".": "0",
    "+": "0",
    Gi: "0",
    "0.0": "0",
    // Moved to the largest suffix without a fraction.
    "1024Mi": "1Gi",
    "307200Ki": "300Mi",
    "1025024Mi": "1001Gi",
    "5000m": "5",
    "0.5": "500m",
    "1000M": "1G",
    "0.001T": "1G",
    "1000u": "1m",
    "1.08": "1080m",
    "1080000000n": "1080m",
    ".001e12": "1e9",
    "0.001e0": "1e-3",
    "1000e-12": "1e-9",
    "0.1": "100m",
    "1.5": "1500m",
    "50k": "50k",
    "100.035k": "100.035k",
    "1.": "1.",
    "1.G": "1.G",
    ".0001k": "100m",
    // Fractions of binary suffixes.
    "0.5Gi": "512Mi",
    "1.5Ki": "1536",
    "0.5Ki": "512",
    "100.035Ki": "102435840m",
    "1.5Gi": "1536Mi",
    // Rounded up to nano, capped at 64 bits.
    "3.001n": "4n",
    "1.1E-9": "2e-9",
    "0.0000000001": "1n",
    "0.000000000001Ki": "2n",
    "0.00000012345": "124n",
    "9Ei": "9223372036854775807",
    "9223372036854775807Ki": "9223372036854775807",
    "-9Ei": "-9223372036854775807",
    "1e-900": "1e-9",
    "123456789012345678901234567890": "123456789012345678901234567890",
  };
  for (const [text, canonical] of Object.entries(table)) {
    assert.equal(canonicalQuantity(text), canonical, text);
  }
  // Upstream has no suffix for 10^21 and above and writes none.
  assert.equal(canonicalQuantity("1000E"), "1");
});

test("numbers are taken as their digits", () => {
  assert.equal(canonicalQuantity(1000), "1k");
  assert.equal(canonicalQuantity(0.1), "100m");
  assert.equal(canonicalQuantity(1e-7), "100n");
  assert.equal(canonicalQuantity(-1.5e-8), "-15n");
  assert.equal(canonicalQuantity(9223372036854775807n), "9223372036854775807");
  assert.equal(canonicalQuantity(" 5 "), "5");
});

test("what is no quantity is refused in upstream's words", () => {
  const pattern = "quantities must match the regular expression '^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$'";
  for (const text of ["", "1.1.M", "1+1.0M", "0.1am", "aoeu", " 1", "1 ", "1,5", "1kB", "1\n"]) {
    assert.throws(() => Quantity.parse(text), { name: "QuantityError", message: pattern }, text);
  }
  for (const text of ["1i", ".5i", "0.1mi", "-3.01e-", "1e", "1KiKi", "1k3", "++1", "1e999999"]) {
    assert.throws(
      () => Quantity.parse(text),
      { name: "QuantityError", message: "unable to parse quantity's suffix" },
      text,
    );
  }
});

test("values are rounded away from zero and end at 64 bits", () => {
  assert.equal(Quantity.parse("1500m").value(), 2);
  assert.equal(Quantity.parse("-1500m").value(), -2);
  assert.equal(Quantity.parse("1n").milliValue(), 1);
  assert.equal(Quantity.parse("0.5").milliValue(), 500);
  assert.equal(Quantity.parse("1Gi").value(), 2 ** 30);
  assert.equal(Quantity.parse("2Ei").scaledBigInt(-3), 2n ** 63n - 1n);
  assert.equal(Quantity.parse("9Ei").scaledBigInt(), 2n ** 63n - 1n);
  assert.equal(Quantity.parse("9.01").roundUp(-1).toString(), "9100m");
  assert.equal(Quantity.parse("-9.01").roundUp(2).toString(), "-100");
});

test("arithmetic keeps the first one's family, unless it is zero", () => {
  assert.equal(Quantity.parse("1Gi").add(Quantity.parse("1Gi")).toString(), "2Gi");
  assert.equal(Quantity.parse("1Gi").add(Quantity.parse("1k")).toString(), "1073742824");
  assert.equal(Quantity.zero.add(Quantity.parse("1Ki")).toString(), "1Ki");
  assert.equal(Quantity.parse("1").subtract(Quantity.parse("100m")).toString(), "900m");
  assert.equal(Quantity.zero.subtract(Quantity.parse("2Ki")).toString(), "-2Ki");
  assert.equal(Quantity.parse("3Mi").multiply(2).toString(), "6Mi");
  assert.equal(Quantity.parse("9223372036854775807").add(Quantity.parse("1")).toString(), "9223372036854775808");
});

const quantityText = fc
  .tuple(
    fc.constantFrom("", "-", "+"),
    fc.stringMatching(/^[0-9]{0,22}$/),
    fc.stringMatching(/^(\.[0-9]{0,14})?$/),
    fc.constantFrom(
      "",
      "n",
      "u",
      "m",
      "k",
      "M",
      "G",
      "T",
      "P",
      "E",
      "Ki",
      "Mi",
      "Gi",
      "Ti",
      "Pi",
      "e3",
      "E-4",
      "e+7",
      "e-20",
    ),
  )
  .map((parts) => parts.join(""))
  .filter((text) => text !== "");

/** The amount in units of 10^-40, computed naively. */
function model(text: string): bigint {
  const match = /^([-+]?)([0-9]*)\.?([0-9]*)(.*)$/.exec(text)!;
  const exponents: Record<string, number> = { "": 0, n: -9, u: -6, m: -3, k: 3, M: 6, G: 9, T: 12, P: 15, E: 18 };
  const binary: Record<string, number> = { Ki: 10, Mi: 20, Gi: 30, Ti: 40, Pi: 50 };
  const suffix = match[4]!;
  const exponent = exponents[suffix] ?? (suffix in binary ? 0 : Number(suffix.slice(1)));
  let value = BigInt(`0${match[2]}${match[3]}`) * 10n ** BigInt(40 + exponent - match[3]!.length);
  if (suffix in binary) value *= 2n ** BigInt(binary[suffix]!);
  const nano = 10n ** 31n;
  value = ((value + nano - 1n) / nano) * nano;
  const most = (2n ** 63n - 1n) * 10n ** 40n;
  if (suffix in binary && value > most) value = most;
  return match[1] === "-" ? -value : value;
}

test("parsing, order and sums agree with plain integers", () => {
  fc.assert(
    fc.property(quantityText, quantityText, (a, b) => {
      const x = Quantity.parse(a);
      const y = Quantity.parse(b);
      const [p, q] = [model(a), model(b)];
      assert.equal(x.compare(y), p < q ? -1 : p > q ? 1 : 0);
      assert.equal(x.sign(), p < 0n ? -1 : p > 0n ? 1 : 0);
      for (const [result, expected] of [
        [x.add(y), p + q],
        [x.subtract(y), p - q],
      ] as const) {
        assert.equal(result.scaledBigInt(-9), clamp(expected / 10n ** 31n));
        assert.ok(result.subtract(y).add(y).equals(result));
      }
      assert.ok(x.negate().negate().equals(x));
    }),
    { numRuns: 3000 },
  );
});

function clamp(value: bigint): bigint {
  const most = 2n ** 63n - 1n;
  return value > most ? most : value < -most - 1n ? -most - 1n : value;
}

test("the canonical form means the same and is its own canonical form", () => {
  fc.assert(
    fc.property(quantityText, (text) => {
      const quantity = Quantity.parse(text);
      // Beyond exa upstream loses the suffix.
      fc.pre(Math.abs(quantity.approximate()) < 1e18);
      const canonical = quantity.toString();
      assert.ok(Quantity.parse(canonical).equals(quantity), `${text} → ${canonical}`);
      assert.equal(canonicalQuantity(canonical), canonical);
    }),
    { numRuns: 3000 },
  );
});

test("any text is read or refused with a QuantityError, soon", { timeout: 20_000 }, () => {
  const piece = fc.constantFrom(
    "0",
    "9",
    ".",
    "e",
    "E",
    "-",
    "+",
    "K",
    "i",
    "m",
    "n",
    "G",
    "x",
    "000000",
    "99999999",
    " ",
  );
  fc.assert(
    fc.property(fc.array(piece, { maxLength: 12 }), (pieces) => {
      try {
        const quantity = Quantity.parse(pieces.join(""));
        quantity.add(Quantity.parse("1")).toString();
        quantity.milliValue();
      } catch (error) {
        assert.ok(error instanceof QuantityError, String(error));
      }
    }),
    { numRuns: 5000 },
  );
  for (const text of [
    "9".repeat(200_000),
    `1${"0".repeat(200_000)}`,
    `0.${"0".repeat(200_000)}1`,
    "1e1000",
    "1e-2147483648",
  ]) {
    Quantity.parse(text).add(Quantity.parse("1n")).toString();
  }
});
