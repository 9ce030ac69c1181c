import { test } from "node:test";
import { configMaps, expect, failure, onBothProtocols } from "../support/conformance.ts";

const unauthorized = failure(401, "Unauthorized", "Unauthorized");

onBothProtocols(
  "requests without a credential, of which those to some paths alone are taken",
  (use) => {
    test("health is told to everybody, and nothing else, not even a refusal that names them", async () => {
      const nobody = use().as({ ca: use().https.ca });
      for (const path of ["/livez", "/readyz", "/healthz"]) await expect(nobody, { path }, 200, "ok");
      for (const path of ["/version", "/livez/ping", "/metrics", "/apis", configMaps, "/nowhere", "/"]) {
        await expect(nobody, { path }, 401, unauthorized);
      }
      await expect(use().admin, { path: "/version" }, 200);
    });

    test("a bad credential is Unauthorized at these paths, too", async () => {
      const headers = { authorization: "Bearer nonsense" };
      await expect(use().as({ ca: use().https.ca }), { path: "/livez", headers }, 401, unauthorized);
    });
  },
  { access: { anonymous: ["/livez", "/readyz", "/healthz"] } },
);

onBothProtocols(
  "requests without a credential, where nobody is anonymous",
  (use) => {
    test("are Unauthorized, whatever they ask for", async () => {
      const nobody = use().as({ ca: use().https.ca });
      for (const path of ["/livez", "/version", configMaps]) await expect(nobody, { path }, 401, unauthorized);
    });
  },
  { access: { anonymous: false } },
);
