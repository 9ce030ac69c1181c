const block = /-----BEGIN CERTIFICATE-----[\s\S]*?-----END CERTIFICATE-----/g;

/** The blocks of a bundle that call themselves certificates, in PEM, without what stands around them; they may be damaged. */
export function certificateBlocks(pem: string): readonly string[] {
  return pem.match(block) ?? [];
}
