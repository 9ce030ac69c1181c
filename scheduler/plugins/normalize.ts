import { maxScore } from "../framework/plugin.ts";

/** Scales scores so that the highest is 100, or, in reverse, 0 (plugins/helper DefaultNormalizeScore). In place. */
export function normalize(scores: Float64Array, { reverse }: { readonly reverse: boolean }): void {
  let highest = 0;
  for (const score of scores) if (score > highest) highest = score;
  if (highest === 0) {
    if (reverse) scores.fill(maxScore);
    return;
  }
  for (let i = 0; i < scores.length; i++) {
    const score = Math.trunc((maxScore * scores[i]!) / highest);
    scores[i] = reverse ? maxScore - score : score;
  }
}
