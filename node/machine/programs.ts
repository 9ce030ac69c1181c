import { access, constants } from "node:fs/promises";
import { join } from "node:path";

/** Where distributions put what is for root, which a user's PATH often lacks. */
export const systemFolders = ["/usr/local/sbin", "/usr/local/bin", "/usr/sbin", "/usr/bin", "/sbin", "/bin"];
/** Debian's folder, then the one of everybody else. */
export const cniFolders = ["/usr/lib/cni", "/opt/cni/bin", "/usr/libexec/cni"];

/** The CNI plugins in use: the network of pods, its addresses, the loopback interface, host ports. */
export const cniPlugins = ["bridge", "host-local", "loopback", "portmap"];

/** Where a program lies; undefined where it is not installed. */
export async function findProgram(name: string, path = process.env["PATH"] ?? ""): Promise<string | undefined> {
  for (const folder of new Set([...path.split(":"), ...systemFolders])) {
    const file = join(folder, name);
    if (folder !== "" && (await isExecutable(file))) {
      return file;
    }
  }
  return undefined;
}

/** The folder that has all the CNI plugins in use; undefined where none has. `CNI_PATH` names others to look in first. */
export async function findCniBinDir(path = process.env["CNI_PATH"] ?? ""): Promise<string | undefined> {
  for (const folder of [...path.split(":").filter((one) => one !== ""), ...cniFolders]) {
    const there = await Promise.all(cniPlugins.map((plugin) => isExecutable(join(folder, plugin))));
    if (there.every(Boolean)) {
      return folder;
    }
  }
  return undefined;
}

function isExecutable(file: string): Promise<boolean> {
  return access(file, constants.X_OK).then(
    () => true,
    () => false,
  );
}
