/** Tells the person at the terminal what happens, on standard error. */
export interface Progress {
  /** `starting containerd`: what is done now. */
  step(what: string): void;
  /** How a step goes on. */
  detail(line: string): void;
  /** What they should know, and does not stop the command. */
  warn(what: string): void;
}

export function terminalProgress(): Progress {
  return {
    step: (what) => void process.stderr.write(`${what}...\n`),
    detail: (line) => void process.stderr.write(`  ${line}\n`),
    warn: (what) => void process.stderr.write(`warning: ${what}\n`),
  };
}
