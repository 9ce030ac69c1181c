import type { Clock } from "../../base/mod.ts";
import { CriError } from "../errors.ts";
import type {
  AuthConfig,
  Image,
  ImageFsInfoResponse,
  ImageStatusResponse,
  ListImagesResponse,
  PullImageRequest,
  PullImageResponse,
  RemoveImageResponse,
  StreamImagesResponse,
} from "../generated/messages.ts";
import type { ImageService } from "../image-service.ts";
import { ImageReferenceError, parseImageName, referenceText, repositoryOf } from "../images/reference.ts";
import type { Init } from "../init.ts";

export interface FakeImage {
  /** Any form: `busybox` is docker.io/library/busybox:latest. */
  readonly name: string;
  readonly size?: number;
  /** A number, or a name. */
  readonly user?: string;
}

/** What a pull brings; throw `CriError` where it fails. */
export type OnPull = (
  name: string,
  auth: Init<AuthConfig> | undefined,
) => Omit<FakeImage, "name"> | Promise<Omit<FakeImage, "name">>;

/** A runtime's images in memory. Unless told otherwise every image there is can be pulled, at once. */
export class FakeImages implements ImageService {
  /** What the registries do. */
  onPull: OnPull = () => ({});
  /** How long a pull takes, milliseconds. */
  pullMs = 0;
  /** Every pull that was asked for. */
  readonly pulls: Init<PullImageRequest>[] = [];
  readonly #clock: Clock;
  readonly #byName = new Map<string, Image>();
  #inUse = 0;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** How many pulls are under way. */
  get pulling(): number {
    return this.#inUse;
  }

  /** Puts an image there, as if it had been pulled. */
  add({ name, size = 1_000_000, user = "" }: FakeImage): Image {
    const full = fullName(name);
    const reference = parseImageName(name);
    const id = `sha256:${digits(full)}`;
    const isNumber = /^\d+$/.test(user);
    const image: Image = {
      id,
      repoTags: reference.tag === undefined ? [] : [full],
      repoDigests: [`${repositoryOf(reference)}@${reference.digest ?? `sha256:${digits(`manifest of ${full}`)}`}`],
      size,
      ...(isNumber && { uid: { value: Number(user) } }),
      username: isNumber ? "" : user,
      spec: { image: "", annotations: {}, userSpecifiedImage: "", runtimeHandler: "", imageRef: "" },
      pinned: false,
    };
    this.#byName.set(full, image);
    return image;
  }

  /** By name, id or digest. */
  find(text: string): Image | undefined {
    for (const image of this.#byName.values()) if (image.id === text || image.repoDigests.includes(text)) return image;
    try {
      return this.#byName.get(fullName(text));
    } catch (error) {
      if (error instanceof ImageReferenceError) return undefined;
      throw error;
    }
  }

  async listImages(): Promise<ListImagesResponse> {
    return { images: [...new Set(this.#byName.values())] };
  }

  async *streamImages(): AsyncGenerator<StreamImagesResponse, undefined> {
    yield await this.listImages();
  }

  async imageStatus(request: {
    readonly image?: { readonly image?: string | undefined } | undefined;
  }): Promise<ImageStatusResponse> {
    const image = this.find(request.image?.image ?? "");
    return image === undefined ? { info: {} } : { image, info: {} };
  }

  async pullImage(request: Init<PullImageRequest>, signal?: AbortSignal): Promise<PullImageResponse> {
    const name = request.image?.image ?? "";
    this.pulls.push(request);
    this.#inUse++;
    try {
      if (this.pullMs > 0) await this.#clock.sleep(this.pullMs, signal);
      const image = await this.onPull(fullName(name), request.auth);
      return { imageRef: this.add({ ...image, name }).id };
    } catch (error) {
      if (error instanceof ImageReferenceError) throw new CriError("InvalidArgument", error.message);
      throw error;
    } finally {
      this.#inUse--;
    }
  }

  async removeImage(request: {
    readonly image?: { readonly image?: string | undefined } | undefined;
  }): Promise<RemoveImageResponse> {
    const image = this.find(request.image?.image ?? "");
    for (const [name, one] of this.#byName) if (one === image) this.#byName.delete(name);
    return {};
  }

  async imageFsInfo(): Promise<ImageFsInfoResponse> {
    const bytes = [...this.#byName.values()].reduce((sum, { size }) => sum + size, 0);
    const filesystem = {
      timestamp: this.#clock.now() * 1e6,
      fsId: { mountpoint: "/var/lib/fake" },
      usedBytes: { value: bytes },
      inodesUsed: { value: this.#byName.size },
    };
    return { imageFilesystems: [filesystem], containerFilesystems: [] };
  }
}

function fullName(name: string): string {
  const { tag, digest, ...rest } = parseImageName(name);
  return referenceText(digest === undefined ? { ...rest, ...(tag !== undefined && { tag }) } : { ...rest, digest });
}

/** 64 hexadecimal digits that are a text's own (FNV-1a, four times over). */
function digits(text: string): string {
  let result = "";
  for (let seed = 0; seed < 8; seed++) {
    let hash = 2_166_136_261 ^ seed;
    for (let i = 0; i < text.length; i++) hash = Math.imul(hash ^ text.charCodeAt(i), 16_777_619);
    result += (hash >>> 0).toString(16).padStart(8, "0");
  }
  return result;
}
