import assert from "node:assert/strict";
import { test } from "node:test";
import { credentialsFor } from "./credentials.ts";

const users = (...names: string[]) => new Map(names.map((name) => [name, { token: name }]));
const found = (target: string, ...names: string[]) => credentialsFor({ users: users(...names) }, target)?.token;

test("the closest name wins: whole, endings, without the port 443, the star", () => {
  const target = "hook.ns.svc:443";
  assert.equal(found(target, "*", "*.svc:443", "hook.ns.svc:443", "hook.ns.svc"), "hook.ns.svc:443");
  assert.equal(found(target, "*", "*.ns.svc:443", "*.svc:443", "hook.ns.svc"), "*.ns.svc:443");
  assert.equal(found(target, "*", "*.svc", "hook.ns.svc"), "hook.ns.svc");
  assert.equal(found(target, "*", "*.svc"), "*.svc");
  assert.equal(found(target, "*"), "*");
  assert.equal(found("hook.ns.svc:8443", "hook.ns.svc"), undefined);
});

test("where no name fits, the current context's user is taken", () => {
  assert.equal(credentialsFor({ users: users("me"), currentUser: "me" }, "a.example:443")?.token, "me");
});
