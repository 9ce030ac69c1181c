import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { readReview, reviewVersion, verifyReview } from "./review.ts";

const answer = (body: string) => ({ code: 200, contentType: "application/json", body: Buffer.from(body) });
const read = (value: unknown) => readReview(answer(JSON.stringify(value)));
const wanted = { version: "v1", uid: "u", mutating: true };
const review = (response: object) =>
  read({ kind: "AdmissionReview", apiVersion: "admission.k8s.io/v1", response: { uid: "u", ...response } });

test("a webhook is asked in its first version that the server knows", () => {
  assert.equal(reviewVersion(["v2", "v1beta1", "v1"]), "v1beta1");
  assert.equal(reviewVersion(["v2"]), undefined);
});

test("an answer is to the very request, in the version that was asked", () => {
  assert.equal(verifyReview(review({ allowed: true }), wanted).allowed, true);
  assert.throws(() => verifyReview(review({ uid: "v" }), wanted), {
    message: 'expected response.uid="u", got "v"',
  });
  const other = read({ kind: "AdmissionReview", apiVersion: "admission.k8s.io/v1beta1", response: { uid: "u" } });
  assert.throws(() => verifyReview(other, wanted), {
    message:
      "expected webhook response of admission.k8s.io/v1, Kind=AdmissionReview, got admission.k8s.io/v1beta1, Kind=AdmissionReview",
  });
  // In v1beta1 nobody looked at either.
  const old = read({ response: { allowed: true, patch: "W10=" } });
  const verified = verifyReview(old, { ...wanted, version: "v1beta1" });
  assert.deepEqual([verified.allowed, verified.patchType, verified.patch.toString()], [true, "JSONPatch", "[]"]);
});

test("patch and its type come together, and from mutating webhooks alone", () => {
  const says = (response: object, mutating: boolean, message: string) =>
    assert.throws(() => verifyReview(review(response), { ...wanted, mutating }), { message });
  says({ patch: "W10=" }, true, "webhook returned response.patch but not response.patchType");
  says({ patchType: "JSONPatch" }, true, "webhook returned response.patchType but not response.patch");
  says({ patch: "W10=", patchType: "" }, true, 'webhook returned invalid response.patchType of ""');
  says({ patch: "W10=" }, false, "validating webhook may not return response.patch");
  says({ patchType: "JSONPatch" }, false, "validating webhook may not return response.patchType");
  says({ patch: "!", patchType: "JSONPatch" }, true, "illegal base64 data at input byte 0");
});

test("a Status that tells of a failure is that failure", () => {
  const status = { kind: "Status", apiVersion: "v1", status: "Failure", message: "no", reason: "Forbidden", code: 403 };
  assert.throws(() => read(status), { name: "ApiError", message: "no" });
});

test("whatever comes is an answer or an error in words", () => {
  fc.assert(
    fc.property(fc.json(), (body) => {
      try {
        verifyReview(readReview(answer(body)), wanted);
      } catch (error) {
        assert.ok(error instanceof Error && !(error instanceof TypeError), String(error));
      }
    }),
  );
});
