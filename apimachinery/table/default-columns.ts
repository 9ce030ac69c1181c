import type { ApiObject } from "../resource/object.ts";
import type { Column } from "../resource/resource.ts";
import { zeroTime } from "../time/time.ts";

/** What is printed of a resource that declares no columns (apiserver/pkg/registry/rest/table.go). */
export const defaultColumns: readonly Column<ApiObject>[] = [
  { name: "Name", type: "string", format: "name", cell: (object) => object.metadata.name ?? "" },
  { name: "Created At", type: "date", cell: (object) => object.metadata.creationTimestamp ?? zeroTime },
];
