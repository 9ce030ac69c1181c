import assert from "node:assert/strict";
import { test } from "node:test";
import type { Image } from "../generated/messages.ts";
import { imageRows, imageTable, sizeText } from "./image-table.ts";

const image = (part: Partial<Image>): Image => ({
  id: `sha256:${"0123456789abcdef".repeat(4)}`,
  repoTags: [],
  repoDigests: [],
  size: 2_100_000,
  username: "",
  pinned: false,
  ...part,
});

test("every name of an image is a row, sorted", () => {
  const digest = `sha256:${"a".repeat(64)}`;
  const rows = imageRows([
    image({ repoTags: ["registry.k8s.io/pause:3.10"], size: 999 }),
    image({
      repoTags: ["docker.io/library/b:2", "docker.io/library/b:1"],
      repoDigests: [`docker.io/library/b@${digest}`],
    }),
    image({ repoDigests: [`docker.io/library/a@${digest}`], size: 1_234_567_890 }),
    image({}),
  ]);
  assert.deepEqual(
    rows.map((row) => [row.repository, row.tag, row.digest]),
    [
      ["<none>", "<none>", undefined],
      ["docker.io/library/a", "<none>", digest],
      ["docker.io/library/b", "1", digest],
      ["docker.io/library/b", "2", digest],
      ["registry.k8s.io/pause", "3.10", undefined],
    ],
  );
  assert.equal(
    imageTable(rows.slice(1)),
    `IMAGE                   TAG      IMAGE ID        SIZE
docker.io/library/a     <none>   0123456789abc   1.23GB
docker.io/library/b     1        0123456789abc   2.1MB
docker.io/library/b     2        0123456789abc   2.1MB
registry.k8s.io/pause   3.10     0123456789abc   999B
`,
  );
});

test("sizes have three digits", () => {
  assert.deepEqual([0, 999, 1_000, 12_345, 123_456_789].map(sizeText), ["0B", "999B", "1kB", "12.3kB", "123MB"]);
});
