import { compactDefinitions, textModule } from "./definitions.ts";
import { compactMessages } from "./protobuf.ts";
import { pathsTable, resourcesModule } from "./resources.ts";
import type { Source } from "./source.ts";
import { typeModules } from "./types.ts";

/** File below api/generated/ → its text: all that is generated, a pure function of the source. */
export function generatedFiles(source: Source): ReadonlyMap<string, string> {
  const definitions = compactDefinitions(source);
  const files = new Map([
    [
      "definitions-data.ts",
      textModule(
        "definitionsText",
        `The definitions of Kubernetes ${source.version}, as JSON text of CompactDefinitions.`,
        definitions,
      ),
    ],
    [
      "paths-data.ts",
      textModule("pathsText", "Every path the API server publishes, as JSON text of PathsTable.", pathsTable(source)),
    ],
    [
      "protobuf-data.ts",
      textModule(
        "messagesText",
        "The protobuf messages of every kind, as JSON text of CompactMessages.",
        compactMessages(source),
      ),
    ],
    ["resources.ts", resourcesModule(source)],
  ]);
  for (const [file, text] of typeModules(definitions)) files.set(`types/${file}`, text);
  return files;
}
