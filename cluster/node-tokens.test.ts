import assert from "node:assert/strict";
import { test } from "node:test";
import { Node } from "../api/core/v1/node.ts";
import { Pod } from "../api/core/v1/pod.ts";
import { ServiceAccount } from "../api/core/v1/service-account.ts";
import type { TokenRequest, TokenRequestInput } from "../api/generated/types/authentication-v1.ts";
import { isForbidden } from "../apimachinery/errors/api-error.ts";
import { startCluster } from "./mod.ts";

test("a kubelet gets its pod's token without naming an audience, as the pod's volume does", async () => {
  const cluster = await startCluster();
  try {
    await cluster.client.resource(ServiceAccount, "default").create({ metadata: { name: "default" } });
    await cluster.client.resource(Node).create({ metadata: { name: "n1" } });
    const pod = await cluster.client.resource(Pod, "default").create({
      metadata: { name: "p" },
      spec: { nodeName: "n1", containers: [{ name: "c", image: "x" }] },
    });
    const kubelet = cluster.clientAs({
      username: "system:node:n1",
      groups: ["system:nodes", "system:authenticated"],
    });
    const accounts = kubelet.resource(ServiceAccount, "default");
    const tokens = accounts.subresource<TokenRequest, TokenRequestInput>("default", "token");
    const boundObjectRef = { apiVersion: "v1", kind: "Pod", name: "p", uid: pod.metadata.uid! };
    const issued = await tokens.create({ spec: { audiences: [], expirationSeconds: 3607, boundObjectRef } });
    assert.ok(issued.status.token.length > 100);
    const other = { audiences: ["elsewhere"], expirationSeconds: 3607, boundObjectRef };
    await assert.rejects(tokens.create({ spec: other }), isForbidden);
  } finally {
    await cluster.close();
  }
});
