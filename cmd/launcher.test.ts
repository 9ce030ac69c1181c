import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import {
  appendFileSync,
  copyFileSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type TestContext, test } from "node:test";

/** A clone in which nothing is installed, on a machine whose npm is this script. */
function freshClone(t: TestContext, npm?: string) {
  const folder = mkdtempSync(join(tmpdir(), "k8ts-launcher-"));
  t.after(() => rmSync(folder, { recursive: true }));
  const [clone, programs] = [join(folder, "clone"), join(folder, "bin")];
  for (const one of [clone, programs]) mkdirSync(one);
  for (const name of ["sh", "dirname", "readlink", "find", "cmp", "cp", "mkdir", "chmod"]) {
    symlinkSync(join("/usr/bin", name), join(programs, name));
  }
  if (npm !== undefined) writeFileSync(join(programs, "npm"), `#!/bin/sh\n${npm}\n`, { mode: 0o755 });
  copyFileSync(join(import.meta.dirname, "..", "k8ts"), join(clone, "k8ts"));
  writeFileSync(join(clone, "package-lock.json"), "{}\n");
  return {
    clone,
    run: (command: string) =>
      spawnSync("/bin/sh", ["-c", command], { cwd: clone, encoding: "utf8", env: { PATH: programs } }),
  };
}

/** Installs a node that shows how it was called, and makes the bundle when it is to build. */
const working = `
mkdir -p node_modules/.bin
cat > node_modules/.bin/node <<'END'
#!/bin/sh
case $1 in */tools/build.ts) mkdir -p "\${1%/tools/*}/dist"; : > "\${1%/tools/*}/dist/k8ts.mjs" ;; *) echo "$K8TS_PROGRAM: $*" ;; esac
END
chmod +x node_modules/.bin/node`.replace(
  "cat > node_modules/.bin/node <<'END'",
  "while IFS= read -r line; do printf '%s\\n' \"$line\"; done > node_modules/.bin/node <<'END'",
);

test("a machine without npm, and an npm that fails, are told with what to do", (t) => {
  const without = freshClone(t).run("./k8ts up");
  assert.equal(without.stderr, "k8ts: npm is missing. Install Node.js (20 or later, with npm), then run this again.\n");
  assert.equal(without.status, 1);
  const failing = freshClone(t, "echo 'npm error no network' >&2; exit 7").run("./k8ts up");
  assert.match(
    failing.stderr,
    /npm error no network\nk8ts: npm could not install the packages, for the reason above\./,
  );
  assert.equal(failing.status, 1);
});

test("packages are installed once, and again when package-lock.json has changed", (t) => {
  const { clone, run } = freshClone(t, working);
  const first = run("./k8ts up --data-dir d");
  assert.equal(first.stderr, "k8ts: installing the npm packages...\nk8ts: building...\n");
  assert.match(first.stdout, /^\.\/k8ts: \S+\/dist\/k8ts\.mjs up --data-dir d\n$/);
  assert.equal(run("./k8ts up").stderr, "");
  appendFileSync(join(clone, "package-lock.json"), "\n");
  assert.equal(run("./k8ts up").stderr, "k8ts: installing the npm packages...\n");
  assert.equal(run("./k8ts up").stderr, "");
  assert.equal(readFileSync(join(clone, "node_modules/.k8ts-package-lock.json"), "utf8"), "{}\n\n");
});

test("a source that is newer than the build is built; on the PATH the program has its short name", (t) => {
  const { clone, run } = freshClone(t, working);
  run("./k8ts up");
  writeFileSync(join(clone, "a.ts"), "");
  utimesSync(join(clone, "dist/k8ts.mjs"), 0, 0);
  assert.equal(run("./k8ts version").stderr, "k8ts: building...\n");
  assert.match(run(`PATH=$PATH:${clone} k8ts version`).stdout, /^k8ts: /);
});
