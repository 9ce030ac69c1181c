import type { Area } from "../rule.ts";
import { volumeAttachment } from "./attachment.ts";
import { claim } from "./claim.ts";
import { csiDriver, csiNode, storageCapacity } from "./csi.ts";
import { attributesClass, storageClass } from "./storage-class.ts";
import { volumes } from "./volume.ts";
import { volumeSources } from "./volume-sources.ts";

export const volumeKinds: Area = {
  kinds: [
    volumes,
    volumeSources,
    claim,
    storageClass,
    attributesClass,
    csiDriver,
    csiNode,
    storageCapacity,
    volumeAttachment,
  ],
  unreachable: {
    "api/core/v1/persistent-volume-claim-status.ts": {
      'if (!spec.accessModes?.length) errors.push(required(path("Spec", "accessModes")));':
        "a status is put beside the stored spec",
    },
    "api/storage/v1/storage-class.ts": {
      'if (mode === undefined) errors.push(required(path("volumeBindingMode")));': "defaults say at once",
    },
  },
};
