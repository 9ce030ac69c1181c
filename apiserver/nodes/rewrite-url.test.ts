import assert from "node:assert/strict";
import { test } from "node:test";
import { rewriteUrl } from "./rewrite-url.ts";

const page = { prefix: "/api/v1/namespaces/a/pods/b/proxy", source: "198.18.0.9:80", asked: "api:6443" };
const { prefix } = page;
const rewritten = (url: string): string | undefined => rewriteUrl(url, page);

test("URLs of the page's own host lead through the proxy", () => {
  for (const [url, wanted] of [
    ["/a", `${prefix}/a`],
    ["/a/?x=/y#/z", `${prefix}/a/?x=/y#/z`],
    ["/", `${prefix}/`],
    ["/a//b/../c/.", `${prefix}/a/c`],
    ["http://198.18.0.9:80/a", `${prefix}/a`],
    ["//198.18.0.9:80/a", `${prefix}/a`],
    ["http://api:6443/a", `http://api:6443${prefix}/a`],
    [`http://api:6443${prefix}/a`, `http://api:6443${prefix}/a`],
    [`${prefix}/a`, `${prefix}/a`],
    ["/a%2Fb c(1)", `${prefix}/a/b%20c%281%29`],
    ["/%00<i>/", `${prefix}/%00%3Ci%3E/`],
  ] as const) {
    assert.equal(rewritten(url), wanted, url);
  }
});

test("other URLs lead where they led", () => {
  for (const url of [
    ...["a", "a/b?c", "?x", "#y", "", "http://example.com/a", "//example.com/a(1)", "mailto:a@b", "file:///x/y"],
    ...["http://198.18.0.9:81/a", "http://u:p@example.com/", "http://198.18.0.9:80", "javascript:a('/b')"],
  ]) {
    const wanted = url.startsWith("file:") ? `${prefix}/x/y` : url;
    assert.equal(rewritten(url), wanted);
  }
  assert.equal(rewritten("http://example.com/a b"), "http://example.com/a%20b");
});

test("what is no URL is left alone", () => {
  for (const url of [":a", "a b:c", "/%zz", "http://a b/", "http://a:b/", "a\nb", "#%"]) {
    assert.equal(rewritten(url), undefined, url);
  }
});
