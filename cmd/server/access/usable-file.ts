import { CommandError } from "../../command-error.ts";

/** What is made of the file that a flag names; undefined where it names none. Whatever is wrong with it is a CommandError. */
export async function usableFile<T>(
  flag: string,
  file: string | undefined,
  read: (file: string) => Promise<T>,
): Promise<T | undefined> {
  if (file === undefined) return undefined;
  try {
    return await read(file);
  } catch (error) {
    throw new CommandError(`${flag} ${file} cannot be used: ${(error as Error).message}`, { cause: error });
  }
}
