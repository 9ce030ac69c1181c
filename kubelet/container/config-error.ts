/** A container that cannot be made as its pod wants it: `CreateContainerConfigError`. The message is upstream's. */
export class ContainerConfigError extends Error {
  override readonly name = "ContainerConfigError";
}
