import type { Pod } from "../../api/core/v1/pod.ts";
import type { Secret } from "../../api/core/v1/secret.ts";
import type { Container, ObjectReference } from "../../api/generated/types/core-v1.ts";
import { goQuote } from "../../apimachinery/text/go-quote.ts";
import { formatDuration } from "../../apimachinery/time/duration.ts";
import { type Clock, isAbortOf } from "../../base/mod.ts";
import type { EventRecorder } from "../../client/mod.ts";
import { ImageReferenceError, type ImageService, parseImageName, repositoryOf, withDefaultTag } from "../../cri/mod.ts";
import type { ReferencedObjects } from "../objects/referenced-objects.ts";
import { type Credentials, createKeyring } from "./credentials/keyring.ts";
import type { ImageOutcome, ImagePuller } from "./image-puller.ts";
import { PullBackOff } from "./pull-back-off.ts";
import { PullQueue, type PullRequest } from "./pull-queue.ts";
import { PullRecords } from "./pull-records.ts";

export interface ImagePullerOptions {
  readonly clock: Clock;
  readonly images: ImageService;
  readonly events: EventRecorder;
  /** Where pull secrets are read. */
  readonly objects: Pick<ReferencedObjects, "secret">;
  /** How many images are pulled at once: 1, one after the other, is upstream's `serializeImagePulls`. */
  readonly maxParallelPulls: number;
  /** Where it is kept who has pulled what. Without it, in memory: until the process ends. */
  readonly recordsFolder?: string;
}

/** One container's wish. */
interface Wish {
  readonly pod: Pod;
  readonly about: ObjectReference;
  /** As the container names it. */
  readonly requested: string;
  /** With its tag. */
  readonly image: string;
  readonly policy: string;
  readonly backOffKey: string;
}

type Waiting = Extract<ImageOutcome, { readonly kind: "waiting" }>;
type Reason = Waiting["reason"];

/** After a failed pull the next question says that it waits, as it does upstream. */
const tellBackOffAfterMs = 1_000;
/** How often to look again for what only somebody else can put right (pkg/kubelet/kubelet.go, backOffPeriod). */
const lookAgainAfterMs = 10_000;

/** The images of this node's containers, as pkg/kubelet/images/image_manager.go brings them. */
export function createImagePuller(options: ImagePullerOptions): ImagePuller {
  const puller = new Puller(options);
  return { ensure: (pod, container, signal) => puller.ensure(pod, container, signal) };
}

class Puller {
  readonly #options: ImagePullerOptions;
  readonly #backOff: PullBackOff;
  readonly #queue: PullQueue;
  readonly #records: PullRecords;

  constructor(options: ImagePullerOptions) {
    const { clock, images, maxParallelPulls: maxParallel, recordsFolder } = options;
    this.#options = options;
    this.#backOff = new PullBackOff(clock);
    this.#queue = new PullQueue({ clock, images, maxParallel });
    this.#records = new PullRecords(recordsFolder);
  }

  async ensure(pod: Pod, container: Container, signal: AbortSignal): Promise<ImageOutcome> {
    const about = referenceTo(pod, container);
    const outcome = await this.#ensure(pod, container, about, signal);
    if (outcome.kind === "waiting") this.#tell(about, "Warning", "Failed", `Error: ${outcome.reason}`);
    return outcome;
  }

  async #ensure(pod: Pod, container: Container, about: ObjectReference, signal: AbortSignal): Promise<ImageOutcome> {
    const requested = container.image ?? "";
    const image = nameOf(requested);
    if (image instanceof ImageReferenceError) {
      const message = `Failed to apply default image tag ${goQuote(requested)}: ${image.message}`;
      this.#tell(about, "Warning", "InspectFailed", message);
      return this.#waiting("InvalidImageName", message, lookAgainAfterMs);
    }
    const policy = container.imagePullPolicy ?? (image.endsWith(":latest") ? "Always" : "IfNotPresent");
    const backOffKey = `${pod.metadata.uid}_${requested}`;
    const wish: Wish = { pod, about, requested, image, policy, backOffKey };

    const present = policy === "Always" ? "" : await this.#inspect(wish, signal);
    if (typeof present !== "string") return present;
    if (present === "" && policy === "Never") return this.#never(wish);
    if (present !== "" && this.#records.isOpen(repository(wish), present)) return this.#present(wish, present);
    const credentials = await this.#credentials(wish);
    if ("kind" in credentials) return credentials;
    if (present !== "") {
      if (this.#records.opens(repository(wish), present, credentials)) return this.#present(wish, present);
      // That it is here is not told to whom it is not open.
      if (policy === "Never") return this.#never(wish);
    }
    return this.#pull(wish, credentials, signal);
  }

  #present({ about, requested }: Wish, imageRef: string): ImageOutcome {
    const message = `Container image ${goQuote(requested)} already present on machine and can be accessed by the pod`;
    this.#tell(about, "Normal", "Pulled", message);
    return { kind: "present", imageRef };
  }

  /** What it is called here; empty where it is not. */
  async #inspect({ pod, about, image }: Wish, signal: AbortSignal): Promise<string | Waiting> {
    try {
      const spec = { image, annotations: pod.metadata.annotations ?? {} };
      return (await this.#options.images.imageStatus({ image: spec }, signal)).image?.id ?? "";
    } catch (error) {
      if (isAbortOf(error, signal)) throw error;
      // Upstream has the empty reference in these quotes.
      const message = `Failed to inspect image "": ${textOf(error)}`;
      this.#tell(about, "Warning", "InspectFailed", message);
      return this.#waiting("ImageInspectError", message, lookAgainAfterMs);
    }
  }

  #never({ about, requested }: Wish): Waiting {
    const message = `Container image ${goQuote(requested)} is not present with pull policy of Never`;
    this.#tell(about, "Warning", "ErrImageNeverPull", message);
    return this.#waiting("ErrImageNeverPull", message, lookAgainAfterMs);
  }

  /** What the pod's pull secrets have for this image. */
  async #credentials(wish: Wish): Promise<readonly Credentials[] | Waiting> {
    const { pod } = wish;
    const names = (pod.spec.imagePullSecrets ?? []).map(({ name = "" }) => name).filter((name) => name !== "");
    if (names.length === 0) return [];
    const namespace = pod.metadata.namespace ?? "";
    const found = await Promise.all(names.map((name) => this.#options.objects.secret(namespace, name)));
    const missing = names.filter((_, i) => found[i] === undefined);
    if (missing.length > 0) {
      const which = `Unable to retrieve some image pull secrets (${missing.join(", ")})`;
      const message = `${which}; attempting to pull the image may not succeed.`;
      this.#options.events.event(pod, { type: "Warning", reason: "FailedToRetrieveImagePullSecret", message });
    }
    try {
      return createKeyring(found.filter((secret): secret is Secret => secret !== undefined)).lookup(repository(wish));
    } catch (error) {
      return this.#waiting("ErrImagePull", textOf(error), lookAgainAfterMs);
    }
  }

  async #pull(wish: Wish, credentials: readonly Credentials[], signal: AbortSignal): Promise<ImageOutcome> {
    const { clock } = this.#options;
    const { pod, about, requested, image, backOffKey } = wish;
    const held = this.#backOff.current(backOffKey);
    if (held !== undefined) {
      const message = `Back-off pulling image ${goQuote(requested)}`;
      this.#tell(about, "Normal", "BackOff", message);
      const afterMs = held.untilMs - clock.monotonicMs();
      return this.#waiting("ImagePullBackOff", `${message}: ${held.message}`, afterMs);
    }
    this.#tell(about, "Normal", "Pulling", `Pulling image ${goQuote(requested)}`);
    const startedMs = clock.monotonicMs();
    const request: PullRequest = { image, annotations: pod.metadata.annotations ?? {}, credentials };
    try {
      const result = await this.#queue.pull(request, signal);
      const [own, whole] = [result.durationMs, clock.monotonicMs() - startedMs].map(durationText);
      const message = `Successfully pulled image ${goQuote(requested)} in ${own} (${whole} including waiting). Image size: ${result.sizeBytes} bytes.`;
      this.#tell(about, "Normal", "Pulled", message);
      this.#backOff.succeeded(backOffKey);
      this.#records.pulled(repository(wish), result.imageRef, result.credentials);
      return { kind: "present", imageRef: result.imageRef };
    } catch (error) {
      if (isAbortOf(error, signal)) throw error;
      const text = textOf(error);
      this.#tell(about, "Warning", "Failed", `Failed to pull image ${goQuote(requested)}: ${text}`);
      const { reason, message } = whyPullFailed(requested, text);
      this.#backOff.failed(backOffKey, `${reason}: ${message}`);
      return this.#waiting(reason, message, tellBackOffAfterMs);
    }
  }

  #tell(about: ObjectReference, type: "Normal" | "Warning", reason: string, message: string): void {
    this.#options.events.event(about, { type, reason, message });
  }

  #waiting(reason: Reason, message: string, afterMs: number): Waiting {
    return { kind: "waiting", reason, message, retryAtMs: this.#options.clock.monotonicMs() + afterMs };
  }
}

/** The name with a tag, or why it is none. */
function nameOf(requested: string): string | ImageReferenceError {
  try {
    return withDefaultTag(requested);
  } catch (error) {
    if (error instanceof ImageReferenceError) return error;
    throw error;
  }
}

function repository({ image }: Wish): string {
  return repositoryOf(parseImageName(image));
}

/** Some runtimes say what kind of failure it is at the beginning of their text (image_manager.go, evalCRIPullErr). */
function whyPullFailed(image: string, text: string): { readonly reason: Reason; readonly message: string } {
  const kinds = {
    RegistryUnavailable: "the registry is unavailable",
    SignatureValidationFailed: "the signature validation failed",
  } as const;
  for (const [reason, words] of Object.entries(kinds) as [keyof typeof kinds, string][])
    if (text.startsWith(reason))
      return { reason, message: `image pull failed for ${image} because ${words}${text.slice(reason.length)}` };
  return { reason: "ErrImagePull", message: text };
}

function textOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

function durationText(ms: number): string {
  return formatDuration(BigInt(Math.trunc(ms)) * 1_000_000n);
}

/** The container within its pod, as events name it (pkg/kubelet/container/ref.go). */
function referenceTo({ metadata, spec }: Pod, { name }: Container): ObjectReference {
  const lists = ["containers", "initContainers", "ephemeralContainers"] as const;
  const list = lists.find((one) => spec[one]?.some((container) => container.name === name)) ?? "containers";
  const { namespace = "", name: pod = "", uid = "", resourceVersion = "" } = metadata;
  const fieldPath = `spec.${list}{${name}}`;
  return { apiVersion: "v1", kind: "Pod", namespace, name: pod, uid, resourceVersion, fieldPath };
}
