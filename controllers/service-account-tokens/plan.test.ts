import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import type { Secret } from "../../api/core/v1/secret.ts";
import type { ServiceAccount } from "../../api/core/v1/service-account.ts";
import { ApiError } from "../../apimachinery/errors/api-error.ts";
import { isTolerated } from "../runner/action.ts";
import { type Observed, plan, planWithout, type TokenSubject } from "./plan.ts";

const account: ServiceAccount = {
  apiVersion: "v1",
  kind: "ServiceAccount",
  metadata: { name: "robot", namespace: "n", uid: "u1", resourceVersion: "3" },
};
const nameOnly = { "kubernetes.io/service-account.name": "robot" };
const complete = { ...nameOnly, "kubernetes.io/service-account.uid": "u1" };

const base64 = (text: string): string => Buffer.from(text).toString("base64");
const tokenOf = (subject: TokenSubject): string => `token of ${JSON.stringify(Object.values(subject))}`;
const token = base64('token of ["n","s","robot","u1"]');
const filled = { "ca.crt": base64("PEM"), namespace: base64("n"), token };

function secret(annotations: Readonly<Record<string, string>>, more: Partial<Secret> = {}): Secret {
  const metadata = { name: "s", namespace: "n", uid: "u2", resourceVersion: "4", annotations };
  return { apiVersion: "v1", kind: "Secret", type: "kubernetes.io/service-account-token", metadata, ...more };
}

const planned = (secret: Secret, observed: Partial<Observed> = {}) =>
  plan({ secret, account, rootCa: "PEM", signToken: tokenOf, ...observed });

/** The secret as it is written; undefined where it is not. */
function written(secret: Secret, observed: Partial<Observed> = {}): unknown {
  const [action, ...more] = planned(secret, observed);
  assert.deepEqual(more, []);
  return action?.type === "update" ? action.object : undefined;
}

test("a secret of an account gets token, authority and namespace, and the account's uid, at the version that was seen", () => {
  assert.deepEqual(written(secret({ ...nameOnly, mine: "1" })), secret({ ...complete, mine: "1" }, { data: filled }));
  assert.equal(written(secret(complete, { data: filled })), undefined);
});

test("what is there stays, but for another authority", () => {
  const old = { ...filled, namespace: base64("elsewhere"), token: base64("old"), more: "eA==" };
  assert.equal(written(secret(complete, { data: old })), undefined);
  const outdated = secret(complete, { data: { ...old, "ca.crt": base64("OLD") } });
  assert.deepEqual(written(outdated), secret(complete, { data: old }));
  const emptied = secret(complete, { data: { ...filled, token: "", namespace: "" } });
  assert.deepEqual(written(emptied), secret(complete, { data: filled }));
});

test("without an authority to tell of there is none in the secret, and one that is there stays", () => {
  const { "ca.crt": _, ...rest } = filled;
  assert.deepEqual(written(secret(nameOnly), { rootCa: "" }), secret(complete, { data: rest }));
  assert.equal(written(secret(complete, { data: filled }), { rootCa: "" }), undefined);
});

test("a secret whose account is gone, or is another one of its name, is deleted: this very secret", () => {
  const deletion = [{ type: "delete", namespace: "n", name: "s", uid: "u2" }];
  const told = (secret: Secret, observed?: Partial<Observed>) =>
    planned(secret, observed).map(({ resource, ...action }) => action);
  assert.deepEqual(told(secret(nameOnly), { account: undefined }), deletion);
  const successor = { ...account, metadata: { ...account.metadata, uid: "u9" } };
  assert.deepEqual(told(secret(complete, { data: filled }), { account: successor }), deletion);
  const going = secret(complete);
  const metadata = { ...going.metadata, deletionTimestamp: "2026-01-01T00:00:00Z" };
  assert.deepEqual(told({ ...going, metadata }, { account: undefined }), []);
});

test("a secret that names no account, or may not change, is left alone", () => {
  assert.deepEqual(planned(secret({}), { account: undefined }), []);
  assert.deepEqual(planned(secret({ "kubernetes.io/service-account.name": "" }), { account: undefined }), []);
  assert.deepEqual(planned(secret(nameOnly, { immutable: true })), []);
});

test("whoever changes or deletes the secret meanwhile is no failure", () => {
  const [action] = planned(secret(nameOnly));
  const identity = { group: "", resource: "secrets" };
  assert.ok(isTolerated(action!, ApiError.conflict(identity, "s", "changed")));
  assert.ok(isTolerated(action!, ApiError.notFound(identity, "s")));
  assert.ok(!isTolerated(action!, ApiError.forbidden(identity, "s", "no")));
});

test("one write is enough, a token is never replaced, and nobody else's data or annotations are lost", () => {
  const texts = fc.dictionary(fc.constantFrom("token", "ca.crt", "namespace", "more"), fc.base64String());
  const annotations = fc.record({ "kubernetes.io/service-account.name": fc.constant("robot") });
  const uids = fc.option(fc.constantFrom("u1", ""), { nil: undefined });
  fc.assert(
    fc.property(texts, annotations, uids, fc.constantFrom("", "PEM"), (data, names, uid, rootCa) => {
      const before = secret(
        { ...names, mine: "1", ...(uid === undefined ? {} : { "kubernetes.io/service-account.uid": uid }) },
        { data },
      );
      const after = (written(before, { rootCa }) ?? before) as Secret;
      assert.deepEqual(planned(after, { rootCa }), []);
      assert.equal(after.data?.["token"], data["token"] || token);
      assert.equal(after.data?.["more"], data["more"]);
      assert.equal(after.metadata.annotations?.["mine"], "1");
    }),
  );
});

test("an account forgets the secret that is gone, and only that", () => {
  const naming = (...names: string[]): ServiceAccount => ({ ...account, secrets: names.map((name) => ({ name })) });
  const left = (from: ServiceAccount): unknown =>
    planWithout(from, "s").map((action) => "object" in action && action.object);
  assert.deepEqual(left(naming("s", "other", "s")), [naming("other")]);
  assert.deepEqual(left(naming("s")), [account]);
  assert.deepEqual(left(naming("other")), []);
  assert.deepEqual(left(account), []);
});
