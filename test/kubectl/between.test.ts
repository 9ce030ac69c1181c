import { replay } from "./session.ts";

replay({ transcripts: ["core"], binaries: (installed) => installed.slice(1, -1) });
