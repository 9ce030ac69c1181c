/** What a controller waits for is not so: it looks again, later each time. Nothing is wrong with it, so hardly anybody is told. */
export class NotYetError extends Error {
  override readonly name = "NotYetError";
}
