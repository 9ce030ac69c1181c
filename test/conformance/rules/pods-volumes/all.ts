import type { Area } from "../rule.ts";
import { binding, eviction, podBinding } from "./binding.ts";
import { containerStatuses } from "./container-statuses.ts";
import { ephemeralVolumes } from "./ephemeral-volumes.ts";
import { iscsi } from "./iscsi.ts";
import { legacyVolumes } from "./legacy-volumes.ts";
import { replicationController } from "./replication-controller.ts";
import { podResize } from "./resize.ts";
import { podStatus } from "./status.ts";
import { podUpdate } from "./update.ts";
import { volumeFiles } from "./volume-files.ts";
import { volumes } from "./volumes.ts";

export const podsVolumes: Area = {
  kinds: [
    volumes,
    volumeFiles,
    ephemeralVolumes,
    iscsi,
    legacyVolumes,
    podUpdate,
    podStatus,
    containerStatuses,
    podResize,
    podBinding,
    binding,
    eviction,
    replicationController,
  ],
  unreachable: {
    "api/core/v1/replication-controller.ts": {
      'if (spec.replicas === undefined) check.errors.push(required(specPath.child("replicas")));': "defaults say one",
    },
    "api/core/v1/pod/validation/status.ts": {
      'check.errors.push(forbidden(statusPath.child("nodeName"), "may not be changed directly"));':
        "a status is put beside the stored spec",
    },
    "api/core/v1/pod/validation/volumes.ts": {
      'if (!found) check.errors.push(required(place, "must specify a volume type"));':
        "defaults make a volume of no kind an empty directory",
    },
  },
};
