export { Backoff, type BackoffOptions } from "./backoff.ts";
export { type Client, type ClientOptions, createClient } from "./client.ts";
export { CoreEventRecorder, type RecorderOptions } from "./events/core-recorder.ts";
export type { EventDetails, EventRecorder } from "./events/recorder.ts";
export { SeriesEventRecorder } from "./events/series-recorder.ts";
export type { ServerAccess } from "./http/server-access.ts";
export { createHttpTransport, type HttpTransport, type HttpTransportOptions } from "./http-transport.ts";
export { inClusterAccess } from "./in-cluster.ts";
export { type EventHandler, Informer, type InformerOptions } from "./informer.ts";
export { Informers, type InformersOptions, indexes, type Selection } from "./informers.ts";
export {
  formatKubeconfig,
  type Kubeconfig,
  loadKubeconfig,
  mergeKubeconfigs,
  parseKubeconfig,
  resolveContext,
} from "./kubeconfig.ts";
export { type LeaderElectionOptions, LeaderElector, LeadershipLostError } from "./leader-election.ts";
export { LeaseLock, type LeaseLockOptions } from "./lease-lock.ts";
export type {
  ApplyOptions,
  DeleteOptions,
  GetOptions,
  InputOf,
  JsonPatchOperation,
  List,
  ListOptions,
  ObjectInput,
  Patch,
  PatchOptions,
  ResourceIdentity,
  WatchOptions,
  WriteOptions,
} from "./options.ts";
export { resourcePath } from "./paths.ts";
export {
  bucketRateLimiter,
  defaultControllerRateLimiter,
  exponentialRateLimiter,
  maxOfRateLimiters,
  type RateLimiter,
} from "./rate-limiter.ts";
export { Reflector, type ReflectorOptions, type ReflectorStore } from "./reflector.ts";
export type { ResourceClient, SubresourceClient } from "./resource-client.ts";
export { compareResourceVersions } from "./resource-version.ts";
export { retryOnConflict } from "./retry.ts";
export {
  controllerUidIndex,
  Indexer,
  type IndexFunction,
  type Lister,
  namespaceIndex,
  objectKey,
  ownerUidIndex,
  splitKey,
} from "./store/indexer.ts";
export { TokenBucket } from "./token-bucket.ts";
export { runWorkers, WorkQueue, type WorkQueueOptions } from "./work-queue.ts";
