import { X509Certificate } from "node:crypto";
import { readFile } from "node:fs/promises";
import { certificateBlocks } from "../../apimachinery/x509/bundle.ts";
import { usableFile } from "./access/usable-file.ts";

/** Who vouches for certificates that name users: the cluster's own authority, and those of `--client-ca-file`. PEM. */
export async function clientAuthorities(own: string, file: string | undefined): Promise<string> {
  const others = await usableFile("--client-ca-file", file, async (name) => readFile(name, "utf8").then(authoritiesIn));
  return others === undefined ? own : `${own}\n${others}`;
}

/** The certificates of a bundle, without what stands around them. Throws where there are none, or where one is damaged. */
export function authoritiesIn(pem: string): string {
  const blocks = certificateBlocks(pem);
  if (blocks.length === 0) throw new Error("data does not contain any valid RSA or ECDSA certificates");
  for (const block of blocks) new X509Certificate(block);
  return blocks.join("\n");
}
