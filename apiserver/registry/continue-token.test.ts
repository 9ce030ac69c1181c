import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { ApiError } from "../../apimachinery/errors/api-error.ts";
import { decodeContinue, encodeContinue } from "./continue-token.ts";

test("a token is what upstream makes of revision and start", () => {
  const text = encodeContinue({ revision: 7, start: "default/a" });
  assert.equal(Buffer.from(text, "base64url").toString("utf8"), '{"v":"meta.k8s.io/v1","rv":7,"start":"default/a"}');
});

test("what was encoded is decoded the same, for every name a key may have", () => {
  const segment = fc.stringMatching(/^[a-z0-9:][-a-z0-9.:]{0,20}$/);
  const start = fc.oneof(
    segment,
    fc.tuple(segment, segment).map((parts) => parts.join("/")),
  );
  const revision = fc.oneof(fc.integer({ min: 1 }), fc.constant(-1));
  fc.assert(
    fc.property(revision, start, (revision, start) => {
      assert.deepEqual(decodeContinue(encodeContinue({ revision, start })), { revision, start });
    }),
  );
});

test("no token leads out of its list, whatever it says", () => {
  const piece = fc.constantFrom("..", ".", "a", "", "secrets", "\0");
  fc.assert(
    fc.property(fc.array(piece, { minLength: 1, maxLength: 6 }), (pieces) => {
      const text = Buffer.from(JSON.stringify({ v: "meta.k8s.io/v1", rv: 1, start: pieces.join("/") })).toString(
        "base64url",
      );
      try {
        const { start } = decodeContinue(text);
        assert.ok(!start.startsWith("/") && !start.split("/").some((one) => one === ".." || one === "."), start);
      } catch (error) {
        assert.ok(error instanceof ApiError && error.code === 400, String(error));
      }
    }),
  );
});

test("any other text is a BadRequest", () => {
  const refused = (text: string): void => {
    assert.throws(
      () => decodeContinue(text),
      (error) => error instanceof ApiError && error.code === 400,
      text,
    );
  };
  refused("a!");
  assert.throws(() => decodeContinue("ab$d"), {
    message: "continue key is not valid: illegal base64 data at input byte 2",
  });
  fc.assert(fc.property(fc.string(), refused));
  fc.assert(fc.property(fc.jsonValue(), (value) => refused(Buffer.from(JSON.stringify(value)).toString("base64url"))));
});
