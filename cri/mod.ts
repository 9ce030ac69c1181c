/**
 * The Container Runtime Interface, from the side that asks.
 *
 * Messages are interfaces with the names of the protocol in camelCase; requests may leave out what has its default
 * (`Init<T>`), answers have every scalar, list and map. Enums are the protocol's names. 64-bit numbers are doubles: times in
 * nanoseconds are exact to 256 ns. What is in `generated/` comes from the protocol's definition, by tools/generate/cri.ts.
 *
 * What there is:
 * - `createCriClient`: `RuntimeService` and `ImageService` of a runtime behind a unix socket; `CriError`.
 * - `containerEvents`: what happens to containers, as it happens, across restarts of the runtime.
 * - `execSync`: a command in a container, with its exit code or that it took too long.
 * - `images/`: names of images, archives of images into containerd, the list of images as people read it.
 * - `testing/`: a runtime in memory on any clock (`FakeRuntime`, `FakeImages`), and `serveRuntime`, which puts one behind a socket.
 *
 * Streaming (exec, attach, port-forward) ends here at the URL that the runtime gives: who follows it speaks HTTP, not CRI.
 */
export { type CriClient, type CriClientOptions, createCriClient } from "./client.ts";
export { Connection } from "./connection.ts";
export { type CriCode, CriError, isCriError } from "./errors.ts";
export type { ContainerEvent } from "./events/container-event.ts";
export { type ContainerEventsOptions, containerEvents } from "./events/container-events.ts";
export { type ExecSyncOptions, type ExecSyncResult, execSync } from "./exec-sync.ts";
export type * from "./generated/messages.ts";
export type { ImageService } from "./image-service.ts";
export { type ImageRow, imageRows, imageTable, sizeText } from "./images/image-table.ts";
export { ImageLoadError, type LoadedImage, type LoadImagesOptions, loadImages } from "./images/load.ts";
export {
  type ImageReference,
  ImageReferenceError,
  parseImageName,
  parseNormalizedName,
  referenceText,
  repositoryOf,
  withDefaultTag,
} from "./images/reference.ts";
export type { Init } from "./init.ts";
export type { RuntimeService } from "./runtime-service.ts";
