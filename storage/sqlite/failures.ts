import { CompactedError, FutureRevisionError, StorageUnavailableError } from "../storage.ts";
import type { Failure } from "./messages.ts";

/** The file is damaged or is not a store of k8ts. It has not been changed. */
export class CorruptStoreError extends Error {
  override readonly name = "CorruptStoreError";
}
/** Another process has the store open. */
export class LockedStoreError extends Error {
  override readonly name = "LockedStoreError";
}

/** SQLite's primary result codes (https://www.sqlite.org/rescode.html) that mean something to us. */
const codes = { busy: 5, noMemory: 7, readOnly: 8, ioError: 10, corrupt: 11, full: 13, cantOpen: 14, notADatabase: 26 };

/** Turns what SQLite or the file system threw into data that says what happened, to which file, and what to do. */
export function failureOf(error: unknown, path: string): Failure {
  if (error instanceof CompactedError)
    return { type: "compacted", message: error.message, revision: error.compactedRevision };
  if (error instanceof FutureRevisionError)
    return { type: "future", message: error.message, revision: error.currentRevision };
  if (error instanceof CorruptStoreError) return { type: "corrupt", message: error.message };
  if (error instanceof LockedStoreError) return { type: "locked", message: error.message };
  const text = error instanceof Error ? error.message : String(error);
  switch (sqliteCode(error) ?? systemCode(error)) {
    case codes.full:
      return { type: "unavailable", message: `no space left to write ${path}: free some, and writes go on (${text})` };
    case codes.readOnly:
      return {
        type: "unavailable",
        message: `${path} cannot be written: check its permissions and its file system (${text})`,
      };
    case codes.ioError:
    case codes.cantOpen:
      return { type: "unavailable", message: `${path} cannot be read or written (${text})` };
    case codes.noMemory:
      return { type: "unavailable", message: `out of memory at ${path} (${text})` };
    case codes.busy:
      return { type: "unavailable", message: `another process is writing to ${path}: let it finish (${text})` };
    case codes.corrupt:
    case codes.notADatabase:
      return { type: "corrupt", message: corruptMessage(path, text) };
    default:
      return { type: "other", message: `${path}: ${text}` };
  }
}

/** Somebody else has the lock. */
export function isBusy(error: unknown): boolean {
  return sqliteCode(error) === codes.busy;
}

export function lockedMessage(path: string): string {
  return `the store ${path} is in use by another process: stop the k8ts server that runs on this data directory, or choose another directory`;
}

export function corruptMessage(path: string, detail: string): string {
  return `the store ${path} is damaged or not a store of k8ts (${detail}); it has been left as it is: restore a backup, or move the file away to start empty`;
}

export function errorOf(failure: Failure): Error {
  switch (failure.type) {
    case "compacted":
      return new CompactedError(failure.revision ?? 0);
    case "future":
      return new FutureRevisionError(failure.revision ?? 0);
    case "unavailable":
      return new StorageUnavailableError(failure.message);
    case "corrupt":
      return new CorruptStoreError(failure.message);
    case "locked":
      return new LockedStoreError(failure.message);
    case "other":
      return new Error(failure.message);
  }
}

function sqliteCode(error: unknown): number | undefined {
  const code = (error as { errcode?: unknown }).errcode;
  return typeof code === "number" ? code & 0xff : undefined;
}

/** The file system's words for the same troubles. */
function systemCode(error: unknown): number | undefined {
  switch ((error as NodeJS.ErrnoException).code) {
    case "ENOSPC":
    case "EDQUOT":
      return codes.full;
    case "EROFS":
    case "EACCES":
    case "EPERM":
      return codes.readOnly;
    case "EIO":
      return codes.ioError;
    case "ENOENT":
    case "EISDIR":
    case "ENOTDIR":
      return codes.cantOpen;
    default:
      return undefined;
  }
}
