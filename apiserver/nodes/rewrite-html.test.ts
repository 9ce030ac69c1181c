import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { rewriteHtml } from "./rewrite-html.ts";

const shout = (html: string): string => rewriteHtml(html, (url) => (url === "?" ? undefined : url.toUpperCase()));

test("URLs are changed in the attributes that hold them, and nowhere else", () => {
  for (const [html, wanted] of [
    ['<pre><a href="/x">/x</a></pre>', '<pre><a href="/X">/x</a></pre>'],
    ['<a title="/x" href="/x"><a href="?">', '<a title="/x" href="/X"><a href="?">'],
    ['<p href="/x"><custom-a href="/x">', '<p href="/x"><custom-a href="/x">'],
    ['<img src="/x" longdesc="/y" alt="/z"/>', '<img src="/X" longdesc="/Y" alt="/z"/>'],
    ["<script src=/x>a('<a href=/x>')</script><a href=/x>", `<script src="/X">a('<a href=/x>')</script><a href="/X">`],
    ["<title><a href=/x></title >", "<title><a href=/x></title >"],
    ["<!-- <a href=/x> --><a href=/x>", '<!-- <a href=/x> --><a href="/X">'],
    ["<!--><a href=/x><!doctype html><?a <a href=/x>", '<!--><a href="/X"><!doctype html><?a <a href=/x>'],
    ["<script><!-- <script> </script> <a href=/x> --></script><a href=/x>", undefined],
    ["<plaintext></plaintext><a href=/x>", "<plaintext></plaintext><a href=/x>"],
    ["1 < 2 </> </ <a href=/x>", "1 < 2 </> </ <a href=/x>"],
  ] as const) {
    const same = html.replace(/<a href=\/x>$/, '<a href="/X">');
    assert.equal(shout(html), wanted ?? same);
  }
});

test("a start tag is written in one form", () => {
  for (const [html, wanted] of [
    ["<A  HREF = '/x'   B>", '<a href="/X" b="">'],
    ["<a href=/x/>", '<a href="/X/">'],
    ["<br/><br /><p a=b/><p a='b'/>", '<br/><br/><p a="b/"><p a="b"/>'],
    ["<a href=1 href=2 =x=3>", '<a href="1" =x="3">'],
    ["</A HREF='>'>", "</A HREF='>'>"],
    ['<a href="a&amp;b=1&b&copy=2">', '<a href="A&amp;B=1&amp;B&amp;COPY=2">'],
    [`<p a='"<&quot;&#39;&#x3E;&apos;'>`, '<p a="&#34;&lt;&#34;&#39;&gt;&#39;">'],
    [
      "<p a='&eacute;&#128;&nosuch;&copy &#; &'>",
      '<p a="\u00c3\u00a9\u00e2\u0082\u00ac&nosuch;\u00c2\u00a9 &amp;#; &amp;">',
    ],
    ["<p a='1\r\n2'>", '<p a="1\n2">'],
  ] as const) {
    assert.equal(shout(html), wanted);
  }
});

test("a tag without an end is left out, with all behind it", () => {
  for (const html of ["<a", "<a href", "<a href=", '<a href="/x>', "<a href='/x> <b>", "</a"]) {
    assert.equal(shout(`before${html}`), "before");
  }
});

test("what was written is not changed by a second time", () => {
  const piece = fc.constantFrom(
    ...[
      "<",
      ">",
      "/",
      "=",
      '"',
      "'",
      " ",
      "a",
      "A",
      "!",
      "--",
      "&",
      ";",
      "amp",
      "#65",
      "script",
      "title",
      "href",
      "\n",
    ],
  );
  fc.assert(
    fc.property(fc.array(piece, { maxLength: 40 }), (pieces) => {
      const once = rewriteHtml(pieces.join(""), (url) => url);
      assert.equal(
        rewriteHtml(once, (url) => url),
        once,
      );
    }),
    { numRuns: 2_000 },
  );
});
