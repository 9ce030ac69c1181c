import { createPrivateKey, X509Certificate } from "node:crypto";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import type { ServerCertificates } from "../../../apiserver/server.ts";
import type { FollowedFiles } from "./followed-files.ts";

const names = ["apiserver.key", "apiserver.crt", "ca.crt", "front-proxy-ca.crt"];

/** The server's certificate, and those of the authorities it trusts, put into use as they change below `pki/`. */
export async function followedCertificates(
  dataDir: string,
  use: (certificates: ServerCertificates) => Promise<void>,
): Promise<FollowedFiles> {
  const files = names.map((name) => join(dataDir, "pki", name));
  const contents = await Promise.all(files.map((file) => readFile(file, "utf8")));
  return {
    what: "certificates",
    files,
    contents,
    async apply([key = "", cert = "", clientCa = "", requestHeaderCa = ""]) {
      const [own] = [cert, clientCa, requestHeaderCa].map((pem) => new X509Certificate(pem));
      if (!own!.checkPrivateKey(createPrivateKey(key))) {
        throw new Error("tls: private key does not match public key");
      }
      await use({ key, cert, clientCa, requestHeaderCa });
      return "applied";
    },
  };
}
