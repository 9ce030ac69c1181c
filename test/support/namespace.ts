import { expect } from "./conformance.ts";
import type { HttpClient } from "./http.ts";

/** Makes a namespace in which pods may be made; the answer is the path of its core resources. */
export async function makeNamespace(client: HttpClient, name: string, labels: object = {}): Promise<string> {
  const path = "/api/v1/namespaces";
  await expect(client, { method: "POST", path, body: { metadata: { name, labels } } }, 201);
  const own = `${path}/${name}`;
  const account = { metadata: { name: "default" } };
  await expect(client, { method: "POST", path: `${own}/serviceaccounts`, body: account }, 201);
  return own;
}
