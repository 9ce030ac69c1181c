import { all } from "./all.ts";
import { replay } from "./session.ts";

// Where only one version is installed, it is the newest.
replay({ transcripts: all, binaries: (installed) => installed.slice(0, installed.length > 1 ? 1 : 0) });
