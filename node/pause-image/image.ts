import { createHash } from "node:crypto";
import { type Architecture, pauseProgram } from "./program.ts";
import { tar } from "./tar.ts";

/** Made here, on this machine: no registry has it, and none is asked. */
export const pauseImage = "localhost/k8ts/pause:1";

/** The image of sandboxes as a tar archive of an OCI image layout (OCI image specification 1.0), for `ctr images import`. */
export function pauseImageArchive(architecture: Architecture): Buffer {
  const layer = tar([{ name: "pause", content: pauseProgram(architecture), executable: true }]);
  const config = json({
    architecture,
    os: "linux",
    config: { Entrypoint: ["/pause"], Env: ["PATH=/"], User: "65535:65535" },
    rootfs: { type: "layers", diff_ids: [digest(layer)] },
  });
  const manifest = json({
    schemaVersion: 2,
    mediaType: "application/vnd.oci.image.manifest.v1+json",
    config: descriptor("application/vnd.oci.image.config.v1+json", config),
    layers: [descriptor("application/vnd.oci.image.layer.v1.tar", layer)],
  });
  const index = json({
    schemaVersion: 2,
    manifests: [
      {
        ...descriptor("application/vnd.oci.image.manifest.v1+json", manifest),
        platform: { architecture, os: "linux" },
        annotations: { "io.containerd.image.name": pauseImage, "org.opencontainers.image.ref.name": "1" },
      },
    ],
  });
  const blob = (content: Buffer) => ({ name: `blobs/sha256/${digest(content).slice("sha256:".length)}`, content });
  return tar([
    { name: "oci-layout", content: json({ imageLayoutVersion: "1.0.0" }) },
    blob(layer),
    blob(config),
    blob(manifest),
    { name: "index.json", content: index },
  ]);
}

function json(value: unknown): Buffer {
  return Buffer.from(JSON.stringify(value));
}

function digest(content: Buffer): string {
  return `sha256:${createHash("sha256").update(content).digest("hex")}`;
}

function descriptor(mediaType: string, content: Buffer) {
  return { mediaType, digest: digest(content), size: content.length };
}
