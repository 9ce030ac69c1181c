import { createHash } from "node:crypto";
import { type Header, pack } from "tar-stream";

/** One file of a layer or an archive. Without `content` it is a directory, or a link where `linkname` is given. */
export interface TarEntry {
  /** Without a leading slash; of a directory, with a trailing one. */
  readonly path: string;
  readonly content?: Uint8Array | string;
  /** Symbolic. */
  readonly linkname?: string;
  /** 0o644 for files, 0o755 for directories if not given. */
  readonly mode?: number;
  readonly uid?: number;
  readonly gid?: number;
}

/** How a container of the image starts: `config` of the OCI image specification (config.md). */
export interface ImageConfig {
  readonly Entrypoint?: readonly string[];
  readonly Cmd?: readonly string[];
  readonly Env?: readonly string[];
  readonly User?: string;
  readonly WorkingDir?: string;
  readonly ExposedPorts?: Readonly<Record<string, Record<string, never>>>;
  readonly StopSignal?: string;
  readonly Labels?: Readonly<Record<string, string>>;
  readonly Volumes?: Readonly<Record<string, Record<string, never>>>;
}

export interface Descriptor {
  readonly mediaType: string;
  readonly digest: string;
  readonly size: number;
}

/** One image of one layer, as an OCI registry has it. The same input gives the same bytes and digests. */
export interface Image {
  /** Of the manifest. */
  readonly digest: string;
  readonly mediaType: string;
  /** Of the configuration: what runtimes call the image's id. */
  readonly id: string;
  readonly layers: readonly string[];
  /** Manifest, configuration and layers by digest. */
  readonly blobs: ReadonlyMap<string, Buffer>;
}

export const manifestType = "application/vnd.oci.image.manifest.v1+json";
const configType = "application/vnd.oci.image.config.v1+json";
const layerType = "application/vnd.oci.image.layer.v1.tar";

const epoch = new Date(0);

export function digestOf(bytes: Uint8Array): string {
  return `sha256:${createHash("sha256").update(bytes).digest("hex")}`;
}

/** The bytes of a tar. */
export async function tar(entries: readonly TarEntry[]): Promise<Buffer> {
  const archive = pack();
  for (const { path, content, linkname, mode, uid = 0, gid = 0 } of entries) {
    const common: Partial<Header> & { name: string } = { name: path, mtime: epoch, uid, gid };
    if (content !== undefined)
      archive.entry({ ...common, mode: mode ?? 0o644 }, typeof content === "string" ? content : Buffer.from(content));
    else if (linkname !== undefined) archive.entry({ ...common, type: "symlink", linkname, mode: 0o777 });
    else archive.entry({ ...common, type: "directory", mode: mode ?? 0o755 });
  }
  archive.finalize();
  const chunks: Buffer[] = [];
  for await (const chunk of archive as AsyncIterable<Buffer>) chunks.push(chunk);
  return Buffer.concat(chunks);
}

export interface ImageOptions {
  readonly files: readonly TarEntry[];
  readonly config?: ImageConfig;
}

export async function buildImage({ files, config = {} }: ImageOptions): Promise<Image> {
  const blobs = new Map<string, Buffer>();
  const add = (mediaType: string, bytes: Buffer): Descriptor => {
    const digest = digestOf(bytes);
    blobs.set(digest, bytes);
    return { mediaType, digest, size: bytes.byteLength };
  };
  const layer = add(layerType, await tar(files));
  const configuration = add(
    configType,
    json({
      architecture: process.arch === "x64" ? "amd64" : process.arch,
      os: "linux",
      created: epoch.toISOString(),
      config,
      rootfs: { type: "layers", diff_ids: [layer.digest] },
      history: [{ created: epoch.toISOString(), created_by: "k8ts" }],
    }),
  );
  const manifest = add(
    manifestType,
    json({ schemaVersion: 2, mediaType: manifestType, config: configuration, layers: [layer] }),
  );
  return { digest: manifest.digest, mediaType: manifestType, id: configuration.digest, layers: [layer.digest], blobs };
}

export const indexType = "application/vnd.oci.image.index.v1+json";

/** The image below an index, beside a statement of where it came from: what `docker buildx build` makes of it by default. */
export function indexed(image: Image): Image {
  const bytesOf = (digest: string): Buffer => image.blobs.get(digest)!;
  const descriptor = (mediaType: string, bytes: Buffer) => ({
    mediaType,
    digest: digestOf(bytes),
    size: bytes.byteLength,
  });
  const statement = json({ _type: "https://in-toto.io/Statement/v0.1", predicate: {} });
  const config = json({ architecture: "unknown", os: "unknown", config: {}, rootfs: { type: "layers", diff_ids: [] } });
  const attestation = json({
    schemaVersion: 2,
    mediaType: manifestType,
    config: descriptor(configType, config),
    layers: [descriptor("application/vnd.in-toto+json", statement)],
  });
  const architecture = (JSON.parse(bytesOf(image.id).toString()) as { readonly architecture: string }).architecture;
  const own = { ...descriptor(manifestType, bytesOf(image.digest)), platform: { architecture, os: "linux" } };
  const other = {
    ...descriptor(manifestType, attestation),
    platform: { architecture: "unknown", os: "unknown" },
    annotations: { "vnd.docker.reference.digest": image.digest, "vnd.docker.reference.type": "attestation-manifest" },
  };
  const index = json({ schemaVersion: 2, mediaType: indexType, manifests: [own, other] });
  const blobs = new Map(image.blobs);
  for (const blob of [statement, config, attestation, index]) blobs.set(digestOf(blob), blob);
  return { ...image, digest: digestOf(index), mediaType: indexType, blobs };
}

/** Names as an archive says them: fully, as in `docker.io/library/busybox:1.36`. */
export interface NamedImage {
  readonly image: Image;
  readonly names: readonly string[];
}

/** An archive in the OCI image layout, as `skopeo copy … oci-archive:` and `docker buildx` write it. */
export function ociArchive(images: readonly NamedImage[]): Promise<Buffer> {
  const manifests = images.flatMap(({ image, names }) =>
    names.map((name) => ({
      mediaType: image.mediaType,
      digest: image.digest,
      size: image.blobs.get(image.digest)!.byteLength,
      annotations: {
        "io.containerd.image.name": name,
        "org.opencontainers.image.ref.name": /:([^:/]+)$/.exec(name)?.[1] ?? "latest",
      },
    })),
  );
  const blobs = new Map(images.flatMap(({ image }) => [...image.blobs]));
  return tar([
    { path: "oci-layout", content: json({ imageLayoutVersion: "1.0.0" }) },
    { path: "index.json", content: json({ schemaVersion: 2, manifests }) },
    { path: "blobs/" },
    { path: "blobs/sha256/" },
    ...[...blobs].map(([digest, content]) => ({ path: `blobs/sha256/${digest.slice("sha256:".length)}`, content })),
  ]);
}

/** An archive as `docker save` wrote it before it wrote OCI layouts. */
export function dockerArchive(images: readonly NamedImage[]): Promise<Buffer> {
  const hex = (digest: string): string => digest.slice("sha256:".length);
  const files = new Map<string, Buffer>();
  const manifest = images.map(({ image, names }) => {
    files.set(`${hex(image.id)}.json`, image.blobs.get(image.id)!);
    for (const layer of image.layers) files.set(`${hex(layer)}/layer.tar`, image.blobs.get(layer)!);
    return {
      Config: `${hex(image.id)}.json`,
      RepoTags: names,
      Layers: image.layers.map((layer) => `${hex(layer)}/layer.tar`),
    };
  });
  return tar([
    ...[...files].map(([path, content]) => ({ path, content })),
    { path: "manifest.json", content: json(manifest) },
  ]);
}

function json(value: unknown): Buffer {
  return Buffer.from(JSON.stringify(value));
}
