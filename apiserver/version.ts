import { arch, platform } from "node:os";

export interface VersionInfo {
  readonly major: string;
  readonly minor: string;
  readonly emulationMajor: string;
  readonly emulationMinor: string;
  readonly minCompatibilityMajor: string;
  readonly minCompatibilityMinor: string;
  readonly gitVersion: string;
  readonly gitCommit: string;
  readonly gitTreeState: string;
  readonly buildDate: string;
  readonly goVersion: string;
  readonly compiler: string;
  readonly platform: string;
}

/** What GET /version says (apimachinery/pkg/version.Info). The minor version is the wire's: Kubernetes 1.36. */
export function versionInfo(build: {
  readonly version: string;
  readonly commit: string;
  readonly date: string;
}): VersionInfo {
  return {
    major: "1",
    minor: "36",
    emulationMajor: "1",
    emulationMinor: "36",
    minCompatibilityMajor: "1",
    minCompatibilityMinor: "35",
    gitVersion: `v1.36.0+k8ts.${build.version}`,
    gitCommit: build.commit,
    gitTreeState: "clean",
    buildDate: build.date,
    goVersion: `node${process.versions.node}`,
    compiler: "v8",
    platform: `${platform()}/${arch() === "x64" ? "amd64" : arch()}`,
  };
}
