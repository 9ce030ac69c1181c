import assert from "node:assert/strict";
import { test } from "node:test";
import { tokenFileAuthenticator } from "./token-file.ts";

const userOf = async (text: string, token: string) =>
  (await tokenFileAuthenticator(text, "tokens.csv").authenticateToken(token))?.user;

test("a line is a token, its user, uid and groups", async () => {
  const text = 'token1,user1,uid1\r\n"token,2",user2,uid2,"group1,group2"\ntoken3,user3,uid3,"gro""up"\n\n';
  assert.deepEqual(await userOf(text, "token1"), { username: "user1", uid: "uid1", groups: [] });
  assert.deepEqual(await userOf(text, "token,2"), { username: "user2", uid: "uid2", groups: ["group1", "group2"] });
  assert.deepEqual(await userOf(text, "token3"), { username: "user3", uid: "uid3", groups: ['gro"up'] });
  assert.equal(await userOf(text, "token4"), undefined);
  assert.equal(await userOf(text, ""), undefined);
});

test("of two lines with one token the last counts, and an empty token opens nothing", async () => {
  const text = ",nobody,uid0\nt,first,1\nt,second,2";
  assert.equal((await userOf(text, "t"))?.username, "second");
  assert.equal(await userOf(text, ""), undefined);
});

test("a line that is too short is refused, and a quote in the wrong place", () => {
  assert.throws(() => tokenFileAuthenticator("token1,user1", "tokens.csv"), {
    message: "token file 'tokens.csv' must have at least 3 columns (token, user name, user uid), found 2",
  });
  assert.throws(() => tokenFileAuthenticator('a"b,c,d', "tokens.csv"), /a quote where none may be/);
});
