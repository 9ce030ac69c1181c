import { writeFile } from "node:fs/promises";
import { busyboxImage, busyboxMissing } from "../test/support/images/busybox.ts";
import { ociArchive } from "../test/support/images/image.ts";

/**
 * The images of these examples for machines without a registry, made from this machine's static busybox (Debian's package
 * busybox-static): `node examples/images.ts images.tar`, then `k8ts image load images.tar`.
 */
async function main(): Promise<number> {
  const [file] = process.argv.slice(2);
  if (file === undefined) return fail("name the archive to write: node examples/images.ts images.tar");
  const missing = busyboxMissing();
  if (missing !== undefined) return fail(missing);
  const image = await busyboxImage();
  const names = ["1.36", "1.37"].map((tag) => `docker.io/library/busybox:${tag}`);
  await writeFile(file, await ociArchive([{ image, names }]));
  process.stdout.write(`${file}: ${names.join(", ")}\n`);
  return 0;
}

function fail(message: string): number {
  process.stderr.write(`${message}\n`);
  return 1;
}

process.exitCode = await main();
