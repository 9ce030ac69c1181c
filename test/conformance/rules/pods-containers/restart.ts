import { type JsonObject, type KindRules, notSupported, refused, required, tooMany } from "../rule.ts";
import { init, main, pod } from "./pod.ts";

const always = (more: JsonObject) => ({ [main]: { name: "main", image: "a", restartPolicy: "Always", ...more } });
const rules = `${main}.restartPolicyRules`;
const exitCodes = { operator: "In", values: [1] };
const onExit = (values: number) => ({
  restartPolicyRules: [
    { action: "Restart", exitCodes: { operator: "In", values: Array.from({ length: values }, (_, i) => i) } },
  ],
});
const many = (count: number) => ({
  restartPolicyRules: Array.from({ length: count }, () => ({ action: "Restart", exitCodes })),
});
const policies = ["Always", "Never", "OnFailure"];
const missing = "must specify restartPolicy when restart rules are used";

export const restart: KindRules = {
  ...pod,
  create: [
    {
      says: "a container is restarted always, on failure, or never",
      accepts: policies.flatMap((restartPolicy) => [
        { [`${main}.restartPolicy`]: restartPolicy },
        { [init]: { name: "init", image: "a", restartPolicy } },
      ]),
      refuses: [
        refused({ [`${main}.restartPolicy`]: "Once" }, notSupported(`${main}.restartPolicy`, "Once", policies)),
        refused(
          { [init]: { name: "init", image: "a", restartPolicy: "Once" } },
          notSupported(`${init}.restartPolicy`, "Once", policies),
        ),
      ],
    },
    {
      says: "rules of restarting stand beside a policy",
      accepts: always(many(1)),
      refuses: [
        refused({ [main]: { name: "main", image: "a", ...many(1) } }, required(`${main}.restartPolicy`, missing)),
        refused({ [init]: { name: "init", image: "a", ...many(1) } }, required(`${init}.restartPolicy`, missing)),
      ],
    },
    {
      says: "a container has 20 rules of restarting at most",
      accepts: always(many(20)),
      refuses: refused(always(many(21)), tooMany(rules, 21, "must have at most 20 items")),
    },
    {
      says: "a rule restarts the container, or all of them",
      accepts: always({
        restartPolicyRules: [
          { action: "Restart", exitCodes },
          { action: "RestartAllContainers", exitCodes },
        ],
      }),
      refuses: refused(
        always({ restartPolicyRules: [{ action: "Stop", exitCodes }] }),
        notSupported(`${rules}[0].action`, "Stop", ["Restart", "RestartAllContainers"]),
      ),
    },
    {
      says: "a rule is of exit codes",
      accepts: always({ restartPolicyRules: [{ action: "Restart", exitCodes: { operator: "NotIn" } }] }),
      refuses: [
        refused(
          always({ restartPolicyRules: [{ action: "Restart" }] }),
          required(`${rules}[0].exitCodes`, "must be specified"),
        ),
        refused(
          always({ restartPolicyRules: [{ action: "Restart", exitCodes: { operator: "Out" } }] }),
          notSupported(`${rules}[0].exitCodes.operator`, "Out", ["In", "NotIn"]),
        ),
      ],
    },
    {
      says: "a rule has 255 exit codes at most",
      accepts: always(onExit(255)),
      refuses: refused(
        always(onExit(256)),
        tooMany(`${rules}[0].exitCodes.values`, 256, "must have at most 255 items"),
      ),
    },
  ],
};
