/** The name of an image in full (github.com/distribution/reference, which every tool of the field parses names with). */
export interface ImageReference {
  /** `docker.io`, or as it was given: with its port. */
  readonly domain: string;
  /** `library/busybox`. */
  readonly path: string;
  readonly tag?: string;
  /** `sha256:…` */
  readonly digest?: string;
}

/** Not the name of an image. `message` is upstream's. */
export class ImageReferenceError extends Error {
  override readonly name = "ImageReferenceError";
}

const host =
  "(?:(?:[a-zA-Z0-9]|[a-zA-Z0-9][a-zA-Z0-9-]*[a-zA-Z0-9])(?:\\.(?:[a-zA-Z0-9]|[a-zA-Z0-9][a-zA-Z0-9-]*[a-zA-Z0-9]))*|\\[[a-fA-F0-9:]+\\])";
const component = "[a-z0-9]+(?:(?:[._]|__|-+)[a-z0-9]+)*";
const namePattern = `(${host}(?::[0-9]+)?)/(${component}(?:/${component})*)`;
const digestPattern = "[A-Za-z][A-Za-z0-9]*(?:[-_+.][A-Za-z][A-Za-z0-9]*)*:[0-9a-fA-F]{32,}";
const referencePattern = new RegExp(`^${namePattern}(?::(\\w[\\w.-]{0,127}))?(?:@(${digestPattern}))?$`);
const identifierPattern = /^[a-f0-9]{64}$/;
/** What go-digest knows, with the hexadecimal digits that each has. */
const digestDigits: Readonly<Record<string, number>> = { sha256: 64, sha384: 96, sha512: 128 };

const defaultDomain = "docker.io";
const defaultTag = "latest";
const maxNameLength = 255;

/** `busybox` → docker.io/library/busybox, without a tag. Throws `ImageReferenceError`. */
export function parseNormalizedName(text: string): ImageReference {
  if (identifierPattern.test(text))
    throw new ImageReferenceError(`invalid repository name (${text}), cannot specify 64-byte hexadecimal strings`);
  const [domain, rest] = splitDomain(text);
  const repository = rest.split(":", 1)[0] as string;
  if (repository.toLowerCase() !== repository)
    throw new ImageReferenceError(`invalid reference format: repository name (${repository}) must be lowercase`);
  const match = referencePattern.exec(`${domain}/${rest}`);
  if (match === null) {
    const isCase = referencePattern.test(`${domain}/${rest}`.toLowerCase());
    throw new ImageReferenceError(isCase ? "repository name must be lowercase" : "invalid reference format");
  }
  const [, host, path, tag, digest] = match as unknown as [string, string, string, string?, string?];
  if (path.length > maxNameLength)
    throw new ImageReferenceError(`repository name must not be more than ${maxNameLength} characters`);
  if (digest !== undefined) checkDigest(digest);
  return { domain: host, path, ...(tag !== undefined && { tag }), ...(digest !== undefined && { digest }) };
}

/**
 * As `parseNormalizedName`, in the words in which the kubelet complains, and with the tag `latest` where there is neither tag
 * nor digest (pkg/util/parsers/parsers.go).
 */
export function parseImageName(text: string): ImageReference {
  try {
    const reference = parseNormalizedName(text);
    return reference.tag === undefined && reference.digest === undefined
      ? { ...reference, tag: defaultTag }
      : reference;
  } catch (error) {
    if (!(error instanceof ImageReferenceError)) throw error;
    throw new ImageReferenceError(`couldn't parse image name ${JSON.stringify(text)}: ${error.message}`, {
      cause: error,
    });
  }
}

/** `image` with `:latest` at its end where it has neither tag nor digest; short names stay short (applyDefaultImageTag). */
export function withDefaultTag(image: string): string {
  const { tag, digest } = parseImageName(image);
  return digest === undefined && tag !== undefined && !image.endsWith(`:${tag}`) ? `${image}:${tag}` : image;
}

/** The repository in full: `docker.io/library/busybox`. */
export function repositoryOf({ domain, path }: ImageReference): string {
  return `${domain}/${path}`;
}

/** The whole name: `docker.io/library/busybox:1.36`. A runtime looks at the digest where there is one. */
export function referenceText(reference: ImageReference): string {
  const { tag, digest } = reference;
  return `${repositoryOf(reference)}${tag === undefined ? "" : `:${tag}`}${digest === undefined ? "" : `@${digest}`}`;
}

/** The part before the first slash is a host where it looks like one; else the host is Docker's. */
function splitDomain(name: string): readonly [domain: string, rest: string] {
  const slash = name.indexOf("/");
  if (slash < 0) return [defaultDomain, `library/${name}`];
  const [first, rest] = [name.slice(0, slash), name.slice(slash + 1)];
  const isHost = first === "localhost" || /[.:]/.test(first) || first.toLowerCase() !== first;
  const [domain, path] = isHost ? [first === "index.docker.io" ? defaultDomain : first, rest] : [defaultDomain, name];
  return domain === defaultDomain && !path.includes("/") ? [domain, `library/${path}`] : [domain, path];
}

function checkDigest(digest: string): void {
  const colon = digest.indexOf(":");
  const digits = digestDigits[digest.slice(0, colon)];
  if (digits === undefined) {
    const isDigest = /^[a-z0-9]+(?:[.+_-][a-z0-9]+)*:/.test(digest);
    throw new ImageReferenceError(isDigest ? "unsupported digest algorithm" : "invalid checksum digest format");
  }
  const encoded = digest.slice(colon + 1);
  if (encoded.length !== digits) throw new ImageReferenceError("invalid checksum digest length");
  if (!/^[a-f0-9]*$/.test(encoded)) throw new ImageReferenceError("invalid checksum digest format");
}
