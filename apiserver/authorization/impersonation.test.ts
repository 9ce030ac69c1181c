import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import type { UserInfo } from "../../apimachinery/resource/object.ts";
import type { AuthorizationAttributes, Authorizer } from "./authorizer.ts";
import { impersonate } from "./impersonation.ts";
import { type WantedUser, wantedUser } from "./impersonation-headers.ts";
import { request } from "./rbac/test-objects.ts";

/** Allows what `permissions` list, as `verb resource[.group][/subresource]/[namespace:]name`, and notes what was asked. */
function allowing(...permissions: string[]) {
  const asked: string[] = [];
  const authorizer: Authorizer = {
    name: "test",
    authorize({ verb, resource, group, subresource, namespace, name }) {
      const what = `${verb} ${resource}${group && `.${group}`}${subresource && `/${subresource}`}/${namespace && `${namespace}:`}${name}`;
      asked.push(what);
      return permissions.includes(what) ? { decision: "allow", reason: "" } : { decision: "noOpinion", reason: "" };
    },
  };
  return { asked, authorizer };
}

const list = (user: UserInfo = { username: "ann", groups: [] }): AuthorizationAttributes => ({
  ...request("", "list", "pods"),
  user,
});
const headers = (...pairs: [string, string][]) => wantedUser(pairs) as WantedUser;
const become = (wanted: WantedUser, ...permissions: string[]) =>
  impersonate(wanted, list(), allowing(...permissions).authorizer);

describe("impersonation", () => {
  it("reads its headers, repeated and encoded ones too", () => {
    const wanted = headers(
      ["Impersonate-User", "bob"],
      ["impersonate-group", "a"],
      ["Impersonate-Group", "b,c"],
      ["Impersonate-Uid", "u"],
      ["Impersonate-Extra-Acme.com%2FScope", "x"],
      ["impersonate-extra-acme.com%2fscope", "y"],
    );
    assert.deepEqual(wanted, {
      username: "bob",
      uid: "u",
      groups: ["a", "b,c"],
      extra: new Map([["acme.com/scope", ["x", "y"]]]),
    });
    assert.equal(wantedUser([["accept", "x"]]), undefined);
    assert.throws(() => wantedUser([["Impersonate-Group", "g"]]), {
      message:
        'requested &user.DefaultInfo{Name:"", UID:"", Groups:[]string{"g"}, Extra:map[string][]string(nil)} without impersonating a user name',
    });
    assert.throws(
      () =>
        wantedUser([
          ["Impersonate-Extra-b", "2"],
          ["Impersonate-Extra-a", "1"],
        ]),
      {
        message:
          'requested &user.DefaultInfo{Name:"", UID:"", Groups:[]string(nil), Extra:map[string][]string{"a":[]string{"1"}, "b":[]string{"2"}}} without impersonating a user name',
      },
    );
  });

  it("by the old verb needs permission for every part of the user", async () => {
    const wanted = headers(
      ["impersonate-user", "bob"],
      ["impersonate-group", "dev"],
      ["impersonate-uid", "u1"],
      ["impersonate-extra-scopes", "view"],
    );
    const all = [
      "impersonate users/bob",
      "impersonate groups/dev",
      "impersonate uids.authentication.k8s.io/u1",
      "impersonate userextras.authentication.k8s.io/scopes/view",
    ];
    assert.deepEqual(await become(wanted, ...all), {
      user: { username: "bob", uid: "u1", groups: ["dev", "system:authenticated"], extra: { scopes: ["view"] } },
    });
    for (const left of all)
      await assert.rejects(become(wanted, ...all.filter((one) => one !== left)), { code: 403 }, left);
  });

  it("gives service accounts their groups, and anonymous its own", async () => {
    const account = headers(["impersonate-user", "system:serviceaccount:red:robot"]);
    assert.deepEqual((await become(account, "impersonate serviceaccounts/red:robot")).user.groups, [
      "system:serviceaccounts",
      "system:serviceaccounts:red",
      "system:authenticated",
    ]);
    const anonymous = headers(["impersonate-user", "system:anonymous"]);
    assert.deepEqual((await become(anonymous, "impersonate users/system:anonymous")).user.groups, [
      "system:unauthenticated",
    ]);
  });

  it("may be limited to what is done as whom", async () => {
    const bob = headers(["impersonate-user", "bob"]);
    const user = { username: "bob", groups: ["system:authenticated"] };
    const permissions = [
      "impersonate-on:user-info:list pods/",
      "impersonate:user-info users.authentication.k8s.io/bob",
    ];
    assert.deepEqual(await become(bob, ...permissions), { user, constraint: "impersonate:user-info" });
    await assert.rejects(become(bob, permissions[1]!), {
      message:
        'pods is forbidden: User "ann" cannot impersonate-on:user-info:list resource "pods" in API group "" at the cluster scope',
    });
    await assert.rejects(become(bob, permissions[0]!), {
      message:
        'users.authentication.k8s.io "bob" is forbidden: User "ann" cannot impersonate:user-info resource "users" in API group "authentication.k8s.io" at the cluster scope',
    });
    const master = headers(["impersonate-user", "bob"], ["impersonate-group", "system:masters"]);
    await assert.rejects(become(master, ...permissions), /impersonating the system:masters group is not allowed/);
  });

  it("lets a service account be the node it runs on, and no other", async () => {
    const agent = {
      username: "system:serviceaccount:red:agent",
      groups: [],
      extra: { "authentication.kubernetes.io/node-name": ["n1"] },
    };
    const permissions = [
      "impersonate-on:associated-node:list pods/",
      "impersonate:associated-node nodes.authentication.k8s.io/*",
    ];
    const as = (node: string) =>
      impersonate(
        headers(["impersonate-user", `system:node:${node}`]),
        list(agent),
        allowing(...permissions).authorizer,
      );
    assert.deepEqual(await as("n1"), {
      user: { username: "system:node:n1", groups: ["system:nodes", "system:authenticated"] },
      constraint: "impersonate:associated-node",
    });
    await assert.rejects(as("n2"), /cannot impersonate-on:arbitrary-node:list/);
  });

  it("never yields more groups than were asked for or belong to the name, whatever the headers", async () => {
    const everything: Authorizer = { name: "all", authorize: () => ({ decision: "allow", reason: "" }) };
    await fc.assert(
      fc.asyncProperty(fc.string({ minLength: 1 }), fc.array(fc.string()), async (username, groups) => {
        const wanted = headers(
          ["impersonate-user", username],
          ...groups.map((group): [string, string] => ["impersonate-group", group]),
        );
        const { user } = await impersonate(wanted, list(), everything);
        assert.equal(user.username, username);
        for (const group of user.groups) assert.ok(groups.includes(group) || group.startsWith("system:"));
      }),
    );
  });
});
