import { all } from "./all.ts";
import { replay } from "./session.ts";

replay({ transcripts: all, binaries: (installed) => installed.slice(-1) });
