import { startsWith, UnreadableValueError, type ValueTransformer } from "./value-transformer.ts";

const encryptedPrefix = Buffer.from("k8s:enc:");

/** Values as they are. What somebody else has encrypted is not read as if it were a value. */
export const identity: ValueTransformer = {
  toStore: (value) => value,
  fromStore(stored) {
    if (startsWith(stored, encryptedPrefix)) {
      throw new UnreadableValueError("identity transformer tried to read encrypted data");
    }
    return { value: stored, stale: false };
  },
};
