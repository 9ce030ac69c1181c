import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { mkdirSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { after, before, describe, test } from "node:test";
import { fileURLToPath } from "node:url";
import { type ServerProcess, startServerProcess } from "../support/server-process.ts";
import { type KubectlBinary, kubectlBinaries } from "./binaries.ts";
import { normalize } from "./normalize.ts";
import { type Printed, parseTranscript, shown, updateTranscript } from "./transcript.ts";

const folder = join(dirname(fileURLToPath(import.meta.url)), "transcripts");
const commandTimeoutMs = 30_000;

/** A set of transcripts, replayed against one server: each in a namespace of its own with a kubeconfig of its own. */
export interface Replay {
  readonly transcripts: readonly string[];
  readonly binaries: (installed: readonly KubectlBinary[]) => readonly KubectlBinary[];
}

/**
 * Declares the tests. K8TS_UPDATE=1 writes what was printed into the transcripts, where it differs; read the difference before
 * you keep it.
 */
export function replay({ transcripts, binaries }: Replay): void {
  const chosen = binaries(kubectlBinaries());
  if (chosen.length === 0) {
    test("kubectl", { skip: "there is no kubectl of that version on this machine" }, () => {});
    return;
  }
  let server: ServerProcess;
  before(async () => {
    server = await startServerProcess("apiserver");
  });
  after(() => server?.stop());
  const only = process.env["K8TS_TRANSCRIPTS"]?.split(",");
  for (const binary of chosen) {
    for (const name of transcripts.filter((one) => only?.includes(one) ?? true)) {
      describe(`${basename(binary.path)} ${name}:`, () => replayOne(name, binary, () => server));
    }
  }
}

function replayOne(name: string, binary: KubectlBinary, server: () => ServerProcess): void {
  const file = join(folder, `${name}.txt`);
  const updates = new Map<number, string>();
  let shell: Shell;
  before(async () => {
    shell = new Shell(server(), binary, name);
    await shell.prepare();
  });
  after(() => updates.size > 0 && writeFileSync(file, updateTranscript(readFileSync(file, "utf8"), updates)));
  for (const { title, commands } of parseTranscript(readFileSync(file, "utf8"), binary.minor)) {
    test(title, async () => {
      for (const { line, text, expected } of commands) {
        const printed = shown(await shell.run(text));
        if (process.env["K8TS_UPDATE"] !== "1") {
          assert.equal(printed, expected, `${basename(file)}:${line} $ ${text}`);
        } else if (printed !== expected) {
          updates.set(line, printed);
        }
      }
    });
  }
}

class Shell {
  readonly #server: ServerProcess;
  readonly #binary: KubectlBinary;
  readonly #namespace: string;
  readonly #home: string;
  readonly #work: string;

  constructor(server: ServerProcess, binary: KubectlBinary, namespace: string) {
    this.#server = server;
    this.#binary = binary;
    this.#namespace = namespace;
    this.#home = join(server.folder, `kubectl-${binary.minor}`);
    this.#work = join(this.#home, namespace);
  }

  /** The namespace with its service account, a kubeconfig that is in it, and `kubectl` as the version under test. */
  async prepare(): Promise<void> {
    mkdirSync(this.#work, { recursive: true });
    mkdirSync(join(this.#home, "bin"), { recursive: true });
    const { kubeconfig } = this.#server;
    const config = kubeconfig.replace(
      /^( +)user: \S+$/m,
      (line, indent: string) => `${line}\n${indent}namespace: ${this.#namespace}`,
    );
    writeFileSync(join(this.#work, "kubeconfig"), config, { mode: 0o600 });
    const link = join(this.#home, "bin", "kubectl");
    try {
      symlinkSync(this.#binary.path, link);
    } catch (error) {
      assert.equal((error as NodeJS.ErrnoException).code, "EEXIST");
    }
    const namespace = `{"apiVersion":"v1","kind":"Namespace","metadata":{"name":"${this.#namespace}"}}`;
    const account = `{"apiVersion":"v1","kind":"ServiceAccount","metadata":{"name":"default","namespace":"${this.#namespace}"}}`;
    const { code, stderr } = await this.run(`echo '${namespace}${account}' | kubectl apply -f -`);
    assert.equal(code, 0, stderr);
  }

  async run(command: string): Promise<Printed> {
    const env = {
      PATH: `${join(this.#home, "bin")}:${process.env["PATH"]}`,
      HOME: this.#home,
      KUBECONFIG: join(this.#work, "kubeconfig"),
      LC_ALL: "C",
      TERM: "dumb",
      TZ: "UTC",
      // Hundreds of short processes: collecting what they leave is a quarter of their time.
      GOGC: "off",
      GOMEMLIMIT: "512MiB",
    };
    const child = spawn("bash", ["-c", command], {
      cwd: this.#work,
      env,
      stdio: ["ignore", "pipe", "pipe"],
      timeout: commandTimeoutMs,
    });
    const [stdout, stderr, code] = await Promise.all([
      textOf(child.stdout),
      textOf(child.stderr),
      new Promise<number>((resolve, reject) => {
        child.once("error", reject);
        child.once("close", (status) => resolve(status ?? -1));
      }),
    ]);
    const names = { url: this.#server.url, folder: this.#work };
    return { stdout: normalize(stdout, names), stderr: normalize(stderr, names), code };
  }
}

async function textOf(stream: NodeJS.ReadableStream): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of stream) {
    chunks.push(chunk as Buffer);
  }
  return Buffer.concat(chunks).toString("utf8");
}
