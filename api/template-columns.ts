import type { Column } from "../apimachinery/resource/resource.ts";
import { formatLabelSelector } from "../apimachinery/selectors/label-selector.ts";
import { wideColumn } from "./columns.ts";
import type { PodTemplateSpec } from "./generated/types/core-v1.ts";
import type { LabelSelector } from "./generated/types/meta-v1.ts";

/** Names of a template's containers, comma-separated. */
export function containerNames(template: PodTemplateSpec | undefined): string {
  return (template?.spec?.containers ?? []).map(({ name }) => name).join(",");
}

export function containerImages(template: PodTemplateSpec | undefined): string {
  return (template?.spec?.containers ?? []).map(({ image = "" }) => image).join(",");
}

/** The columns that `-o wide` adds to what makes pods from a template (layoutContainerCells). */
export function templateColumns<T>(template: (object: T) => PodTemplateSpec | undefined): readonly Column<T>[] {
  return [
    wideColumn("Containers", (object) => containerNames(template(object))),
    wideColumn("Images", (object) => containerImages(template(object))),
  ];
}

export function selectorColumn<T>(selector: (object: T) => LabelSelector | undefined): Column<T> {
  return wideColumn("Selector", (object) => formatLabelSelector(selector(object)));
}
