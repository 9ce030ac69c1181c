import { goQuote } from "../../apimachinery/text/go-quote.ts";
import { VolumeError } from "./pod-volumes.ts";

export const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));

/** Several failures as upstream prints them: one alone by itself, more in brackets, none twice (util/errors Aggregate). */
export function aggregateError(errors: readonly unknown[]): Error {
  const messages = [...new Set(errors.map(messageOf))];
  const text = messages.length === 1 ? messages[0] : `[${messages.join(", ")}]`;
  return new Error(text, { cause: errors[0] });
}

/** What FailedMount says (pkg/volume/util/operationexecutor GenerateError). */
export function setUpFailed(volume: string, cause: unknown): VolumeError {
  if (cause instanceof VolumeError) return cause;
  const message = `MountVolume.SetUp failed for volume ${goQuote(volume)} : ${messageOf(cause)}`;
  return new VolumeError(volume, message, { cause });
}
