import { outside } from "../messages.ts";
import { forbidden, invalid, type JsonObject, type KindRules, refused, required } from "../rule.ts";
import { at, pod, volume, without } from "./pod.ts";

const source = { targetPortal: "10.0.0.1", iqn: "iqn.2001-04.com.example:storage.disk1", lun: 0 };
const iscsiWith = (more: JsonObject) => volume("iscsi", { ...source, ...more });

const good = [
  "iqn.2001-04.com.example:storage",
  `eui.${"0aZ1".repeat(4)}`,
  `naa.${"0aZ1".repeat(8)}`,
  "iqnx iqn.2001-04.a:b",
];
const bad = [
  "iqn.2001-04.com.example",
  "iqn.2001-4.com.example:a",
  "iqn.2001-04.com.example:a b",
  "iqn.2001-04.com_example:a",
  `eui.${"a".repeat(15)}`,
  `eui.${"a".repeat(17)}`,
  `naa.${"a".repeat(31)}`,
];
const unknown = "must be valid format starting with iqn, eui, or naa";

/** Volume and portal of 65 bytes together, one too many for an initiator. */
const portal = "1".repeat(63);
const tooLong =
  "Total length of <volume name>:<iscsi.targetPortal> must be under 64 characters if iscsi.initiatorName is specified.";

export const iscsi: KindRules = {
  ...pod,
  create: [
    {
      says: "iscsi needs a portal",
      accepts: volume("iscsi", source),
      refuses: refused(without("iscsi", source, "targetPortal"), required(`${at}.iscsi.targetPortal`)),
    },
    {
      says: "the target of iscsi has a qualified name",
      accepts: good.map((iqn) => iscsiWith({ iqn })),
      refuses: [
        refused(without("iscsi", source, "iqn"), required(`${at}.iscsi.iqn`)),
        refused(iscsiWith({ iqn: "iqm.a" }), invalid(`${at}.iscsi.iqn`, "iqm.a", unknown)),
        ...bad.map((iqn) => refused(iscsiWith({ iqn }), invalid(`${at}.iscsi.iqn`, iqn, "must be valid format"))),
      ],
    },
    {
      says: "the unit of iscsi is one byte",
      accepts: [iscsiWith({ lun: 0 }), iscsiWith({ lun: 255 })],
      refuses: [-1, 256].map((lun) => refused(iscsiWith({ lun }), invalid(`${at}.iscsi.lun`, lun, outside(0, 255)))),
    },
    {
      says: "authentication of iscsi needs a secret",
      accepts: iscsiWith({ chapAuthDiscovery: true, chapAuthSession: true, secretRef: {} }),
      refuses: [
        refused(iscsiWith({ chapAuthDiscovery: true }), required(`${at}.iscsi.secretRef`)),
        refused(iscsiWith({ chapAuthSession: true }), required(`${at}.iscsi.secretRef`)),
      ],
    },
    {
      says: "the initiator of iscsi has a qualified name",
      accepts: good.map((initiatorName) => iscsiWith({ initiatorName })),
      refuses: [
        ...["iqm.a", ""].map((initiatorName) =>
          refused(iscsiWith({ initiatorName }), invalid(`${at}.iscsi.initiatorname`, initiatorName, unknown)),
        ),
        ...bad.map((initiatorName) =>
          refused(
            iscsiWith({ initiatorName }),
            invalid(`${at}.iscsi.initiatorname`, initiatorName, "must be valid format"),
          ),
        ),
      ],
    },
    {
      says: "volume and portal of an initiator have 64 bytes at most",
      accepts: [
        iscsiWith({ targetPortal: "1".repeat(62), initiatorName: good[0]! }),
        iscsiWith({ targetPortal: portal }),
      ],
      refuses: [
        refused(iscsiWith({ targetPortal: portal, initiatorName: good[0]! }), invalid(`${at}.name`, "v", tooLong)),
        // In the second place it is told all the same, before kinds that follow.
        refused(
          {
            [at]: {
              name: "v",
              nfs: { server: "s", path: "/" },
              iscsi: { targetPortal: portal, initiatorName: "" },
              image: {},
            },
          },
          forbidden(`${at}.iscsi`, "may not specify more than 1 volume type"),
          invalid(`${at}.name`, "v", tooLong),
          forbidden(`${at}.image`, "may not specify more than 1 volume type"),
        ),
      ],
    },
  ],
};
