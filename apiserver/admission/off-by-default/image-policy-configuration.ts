import { formatDuration } from "../../../apimachinery/time/duration.ts";
import { each, shaped } from "../../configuration/shaped.ts";

/** How ImagePolicyWebhook asks, and for how long it believes the answer. */
export interface ImagePolicyConfiguration {
  /** Whom it asks: the current context's cluster. */
  readonly kubeConfigFile: string;
  readonly allowTtlMs: number;
  readonly denyTtlMs: number;
  readonly retryBackoffMs: number;
  /** What a webhook that fails has said. */
  readonly defaultAllow: boolean;
}

const minuteMs = 60_000;
const shape = {
  imagePolicy: {
    ...each("number", "allowTTL", "denyTTL", "retryBackoff"),
    kubeConfigFile: "text",
    defaultAllow: "flag",
  },
} as const;

/** Reads what `--admission-control-config-file` says of it. Throws in upstream's words (plugin/pkg/admission/imagepolicy/config.go). */
export function readImagePolicy(content: unknown): ImagePolicyConfiguration {
  const { imagePolicy = {} } = shaped(content, shape) ?? {};
  const { kubeConfigFile = "", allowTTL, denyTTL, retryBackoff, defaultAllow = false } = imagePolicy;
  const retryBackoffMs = duration(retryBackoff, { scale: 1, minMs: 1e-6, maxMs: 5 * minuteMs, missingMs: 500 });
  const seconds = { scale: 1_000, minMs: 1_000, maxMs: 30 * minuteMs };
  const allowTtlMs = duration(allowTTL, { ...seconds, missingMs: 5 * minuteMs });
  const denyTtlMs = duration(denyTTL, { ...seconds, missingMs: minuteMs / 2 });
  return { kubeConfigFile, allowTtlMs, denyTtlMs, retryBackoffMs, defaultAllow };
}

interface Range {
  /** Milliseconds of one. */
  readonly scale: number;
  readonly minMs: number;
  readonly maxMs: number;
  /** Where none is given. */
  readonly missingMs: number;
}

/** Milliseconds; -1 is none at all. */
function duration(value = 0, { scale, minMs, maxMs, missingMs }: Range): number {
  if (value === -1) return 0;
  if (value === 0) return missingMs;
  const ms = value * scale;
  if (ms >= minMs && ms <= maxMs) return ms;
  const [least, most, got] = [minMs, maxMs, ms].map((one) => formatDuration(BigInt(Math.round(one * 1_000_000))));
  throw new Error(`valid value is between ${least} and ${most}, got ${got}`);
}
