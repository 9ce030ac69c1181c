/**
 * The program of a pod's sandbox: it holds the pod's namespaces, reaps what the pod's processes leave behind where they share
 * its pid namespace, and ends at SIGTERM and SIGINT. Machine code, as there is no compiler to rely on and no network to fetch
 * an image from; all it does is
 *
 *     block(TERM, INT, CHLD)
 *     for (;;) switch (sigwait(TERM, INT, CHLD)) {
 *       case CHLD: while (wait4(-1, NULL, WNOHANG, NULL) > 0); break
 *       case TERM: case INT: exit(0)
 *     }
 *
 * A blocked signal is kept for process 1 too, which gets no other signal that it has no handler for.
 */
export type Architecture = "amd64" | "arm64";

/** 1 << (number - 1) of SIGINT 2, SIGTERM 15, SIGCHLD 17. */
const signals = 0x1_4002;

const amd64 = [
  [0x68, 0x02, 0x40, 0x01, 0x00], // push signals
  [0x6a, 0x08, 0x41, 0x5a], // r10 = 8: bytes of the set
  [0x31, 0xff], // rdi = SIG_BLOCK
  [0x48, 0x89, 0xe6], // rsi = &signals
  [0x31, 0xd2], // rdx = NULL
  [0x6a, 0x0e, 0x58, 0x0f, 0x05], // rt_sigprocmask
  // wait:
  [0x48, 0x89, 0xe7], // rdi = &signals
  [0x31, 0xf6], // rsi = NULL
  [0x31, 0xd2], // rdx = NULL
  [0x6a, 0x08, 0x41, 0x5a], // r10 = 8
  [0xb8, 0x80, 0x00, 0x00, 0x00, 0x0f, 0x05], // rt_sigtimedwait
  [0x83, 0xf8, 0x11], // SIGCHLD?
  [0x74, 0x0b], // then reap
  [0x85, 0xc0], // interrupted?
  [0x78, 0xe5], // then wait
  [0x31, 0xff, 0x6a, 0x3c, 0x58, 0x0f, 0x05], // exit(0)
  // reap:
  [0x6a, 0xff, 0x5f], // rdi = -1
  [0x31, 0xf6], // rsi = NULL
  [0x6a, 0x01, 0x5a], // rdx = WNOHANG
  [0x45, 0x31, 0xd2], // r10 = NULL
  [0x6a, 0x3d, 0x58, 0x0f, 0x05], // wait4
  [0x85, 0xc0], // one more?
  [0x7f, 0xec], // then reap
  [0xeb, 0xc8], // wait
].flat();

const arm64 = [
  0x52880040, // w0 = 0x4002
  0x72a00020, // w0 |= 1 << 16
  0xf81f0fe0, // push signals
  0xd2800000, // x0 = SIG_BLOCK
  0x910003e1, // x1 = &signals
  0xd2800002, // x2 = NULL
  0xd2800103, // x3 = 8: bytes of the set
  0xd28010e8, // rt_sigprocmask
  0xd4000001,
  // wait (9):
  0x910003e0, // x0 = &signals
  0xd2800001, // x1 = NULL
  0xd2800002, // x2 = NULL
  0xd2800103, // x3 = 8
  0xd2801128, // rt_sigtimedwait
  0xd4000001,
  0xf100441f, // SIGCHLD?
  0x540000a0, // then reap
  0xb7ffff00, // interrupted? then wait
  0xd2800000, // x0 = 0
  0xd2800ba8, // exit
  0xd4000001,
  // reap (21):
  0x92800000, // x0 = -1
  0xd2800001, // x1 = NULL
  0xd2800022, // x2 = WNOHANG
  0xd2800003, // x3 = NULL
  0xd2802088, // wait4
  0xd4000001,
  0xf100001f, // one more?
  0x54ffff2c, // then reap
  0x17ffffec, // wait
].flatMap((word) => [word & 0xff, (word >>> 8) & 0xff, (word >>> 16) & 0xff, word >>> 24]);

const machines: Readonly<Record<Architecture, { readonly id: number; readonly code: readonly number[] }>> = {
  amd64: { id: 62, code: amd64 },
  arm64: { id: 183, code: arm64 },
};

const address = 0x40_0000;
const headersBytes = 64 + 56;

/** A static ELF executable of one segment (System V ABI, "Object Files"). */
export function pauseProgram(architecture: Architecture): Buffer {
  const { id, code } = machines[architecture];
  const size = headersBytes + code.length;
  const file = Buffer.alloc(size);
  file.set([0x7f, 0x45, 0x4c, 0x46, 2, 1, 1]); // 64 bit, little-endian
  file.writeUInt16LE(2, 16); // executable
  file.writeUInt16LE(id, 18);
  file.writeUInt32LE(1, 20);
  file.writeBigUInt64LE(BigInt(address + headersBytes), 24); // entry
  file.writeBigUInt64LE(64n, 32); // program headers
  file.writeUInt16LE(64, 52);
  file.writeUInt16LE(56, 54);
  file.writeUInt16LE(1, 56);
  file.writeUInt32LE(1, 64); // loaded,
  file.writeUInt32LE(5, 68); // readable and executable
  file.writeBigUInt64LE(BigInt(address), 80);
  file.writeBigUInt64LE(BigInt(address), 88);
  file.writeBigUInt64LE(BigInt(size), 96);
  file.writeBigUInt64LE(BigInt(size), 104);
  file.writeBigUInt64LE(0x1000n, 112);
  file.set(code, headersBytes);
  return file;
}

/** For tests: the set that the code blocks. */
export const blockedSignals = signals;
