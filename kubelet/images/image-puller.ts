import type { Pod } from "../../api/core/v1/pod.ts";
import type { Container } from "../../api/generated/types/core-v1.ts";

/** The image is here, or the container waits for it: reason and message as in `state.waiting` (pkg/kubelet/images/types.go). */
export type ImageOutcome =
  | { readonly kind: "present" /** For CreateContainer. */; readonly imageRef: string }
  | {
      readonly kind: "waiting";
      readonly reason:
        | "ErrImagePull"
        | "ImagePullBackOff"
        | "ErrImageNeverPull"
        | "InvalidImageName"
        | "ImageInspectError"
        | "RegistryUnavailable"
        | "SignatureValidationFailed";
      readonly message: string;
      /** When another attempt makes sense, monotonic milliseconds. */
      readonly retryAtMs: number;
    };

/**
 * Brings the images of containers: pull policies, credentials of the pod's pull secrets, one pull of an image at a time
 * however many ask, back-off from 10 s doubling to 5 min, and the events Pulling, Pulled, Failed and BackOff on the pod
 * (pkg/kubelet/images/image_manager.go).
 */
export interface ImagePuller {
  ensure(pod: Pod, container: Container, signal: AbortSignal): Promise<ImageOutcome>;
}
