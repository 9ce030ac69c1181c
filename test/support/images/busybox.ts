import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { buildImage, type Image, type ImageConfig, type TarEntry } from "./image.ts";

const busybox = "/bin/busybox";

/** Why there can be no such image here; undefined where there can. For the `skip` of tests. */
export function busyboxMissing(): string | undefined {
  try {
    const list = execFileSync(busybox, ["--list"], { encoding: "utf8" });
    if (!list.includes("httpd")) return `${busybox} has no httpd: install busybox-static`;
    return isStatic(readFileSync(busybox)) ? undefined : `${busybox} is not static: install busybox-static`;
  } catch (error) {
    return `no ${busybox}: install busybox-static (${(error as Error).message})`;
  }
}

/** Whether a 64-bit ELF program asks for no interpreter: no program header has the type PT_INTERP (elf(5)). */
function isStatic(program: Buffer): boolean {
  const [offset, size, count] = [
    Number(program.readBigUInt64LE(32)),
    program.readUInt16LE(54),
    program.readUInt16LE(56),
  ];
  for (let i = 0; i < count; i++) if (program.readUInt32LE(offset + i * size) === 3) return false;
  return true;
}

const passwd = `root:x:0:0:root:/root:/bin/sh
daemon:x:1:1:daemon:/usr/sbin:/bin/false
www-data:x:33:33:www-data:/var/www:/bin/false
nobody:x:65534:65534:nobody:/home:/bin/false
`;
const group = `root:x:0:
daemon:x:1:
www-data:x:33:
nogroup:x:65534:
`;

/** What every image of these has: busybox in the places of all its applets, users, /tmp. */
function rootFiles(): readonly TarEntry[] {
  const applets = execFileSync(busybox, ["--list"], { encoding: "utf8" })
    .split("\n")
    .filter((name) => name !== "");
  return [
    { path: "bin/" },
    { path: "bin/busybox", content: readFileSync(busybox), mode: 0o755 },
    ...applets
      .filter((applet) => applet !== "busybox")
      .map((applet) => ({ path: `bin/${applet}`, linkname: "busybox" })),
    { path: "etc/" },
    { path: "etc/passwd", content: passwd },
    { path: "etc/group", content: group },
    { path: "home/", uid: 65534, gid: 65534 },
    { path: "root/", mode: 0o700 },
    { path: "tmp/", mode: 0o1777 },
    { path: "usr/" },
    { path: "usr/bin/" },
    { path: "usr/bin/env", linkname: "../../bin/busybox" },
    { path: "var/" },
    { path: "var/www/" },
  ];
}

const defaults: ImageConfig = { Env: ["PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"] };

export interface BusyboxOptions {
  /** On top of a shell, `sh`, and its path. */
  readonly config?: ImageConfig;
  /** More files; of a directory not there yet, the directory first. */
  readonly files?: readonly TarEntry[];
}

/**
 * A shell and its tools, 2 MB, as docker.io/library/busybox has them. Of Debian's 1.35, `wget -T` crashes (say `timeout 2 wget`)
 * and `nc` has no `-z`.
 */
export function busyboxImage({ config = {}, files = [] }: BusyboxOptions = {}): Promise<Image> {
  return buildImage({ files: [...rootFiles(), ...files], config: { ...defaults, Cmd: ["sh"], ...config } });
}

export interface WebOptions extends BusyboxOptions {
  /** Where it listens: 80 if not given. */
  readonly port?: number;
  /** The folder that it serves: nginx's if not given. */
  readonly root?: string;
  /** What `/` answers. Without it: the host name, which is the pod's. */
  readonly index?: string;
}

const hostnameScript = "#!/bin/sh\nprintf 'Content-Type: text/plain\\r\\n\\r\\n'\nhostname\n";
const environmentScript = "#!/bin/sh\nprintf 'Content-Type: text/plain\\r\\n\\r\\n'\nenv\n";
// httpd listens on IPv6, so that an address of IPv4 is given as [::ffff:10.0.0.1].
const clientScript = `#!/bin/sh
printf 'Content-Type: text/plain\\r\\n\\r\\n'
a="\${REMOTE_ADDR#[}"; a="\${a%]}"; echo "\${a#::ffff:}"
`;

/**
 * A web server that serves the files of a folder and the scripts below cgi-bin/ there: `/cgi-bin/hostname` answers with the
 * host name, `/cgi-bin/client` with the address it was asked from, `/cgi-bin/env` with the request's environment.
 */
export function webImage({
  port = 80,
  root = "/usr/share/nginx/html",
  index,
  config = {},
  files = [],
}: WebOptions = {}): Promise<Image> {
  const folder = root.replace(/^\//, "");
  const parents = folder.split("/").map((_, i, parts) => ({ path: `${parts.slice(0, i + 1).join("/")}/` }));
  return busyboxImage({
    config: {
      ExposedPorts: { [`${port}/tcp`]: {} },
      Cmd: ["httpd", "-f", "-p", String(port), "-h", root],
      // The first process of a container ignores signals that it does not handle, and httpd handles none.
      StopSignal: "SIGKILL",
      ...config,
    },
    files: [
      ...parents,
      { path: `${folder}/cgi-bin/` },
      { path: `${folder}/cgi-bin/index.cgi`, content: hostnameScript, mode: 0o755 },
      { path: `${folder}/cgi-bin/hostname`, content: hostnameScript, mode: 0o755 },
      { path: `${folder}/cgi-bin/client`, content: clientScript, mode: 0o755 },
      { path: `${folder}/cgi-bin/env`, content: environmentScript, mode: 0o755 },
      ...(index === undefined ? [] : [{ path: `${folder}/index.html`, content: index }]),
      ...files,
    ],
  });
}
