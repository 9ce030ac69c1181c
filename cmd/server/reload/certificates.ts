import { createPrivateKey, X509Certificate } from "node:crypto";
import { readFile } from "node:fs/promises";
import { join, resolve } from "node:path";
import type { ServerCertificates } from "../../../apiserver/server.ts";
import { authoritiesIn } from "../client-authorities.ts";
import type { FollowedFiles } from "./followed-files.ts";

const names = ["apiserver.key", "apiserver.crt", "ca.crt", "front-proxy-ca.crt"];

/** The server's certificate, and those of the authorities it trusts, put into use as they change below `pki/` and in `clientCaFile`. */
export async function followedCertificates(
  { dataDir, clientCaFile }: { readonly dataDir: string; readonly clientCaFile?: string },
  use: (certificates: ServerCertificates) => Promise<void>,
): Promise<FollowedFiles> {
  const own = names.map((name) => join(dataDir, "pki", name));
  const files = clientCaFile === undefined ? own : [...own, resolve(clientCaFile)];
  const contents = await Promise.all(files.map((file) => readFile(file, "utf8")));
  return {
    what: "certificates",
    files,
    contents,
    async apply([key = "", cert = "", ca = "", requestHeaderCa = "", others]) {
      const [own] = [cert, ca, requestHeaderCa].map((pem) => new X509Certificate(pem));
      if (!own!.checkPrivateKey(createPrivateKey(key))) {
        throw new Error("tls: private key does not match public key");
      }
      const clientCa = others === undefined ? ca : `${ca}\n${authoritiesIn(others)}`;
      await use({ key, cert, clientCa, requestHeaderCa });
      return "applied";
    },
  };
}
