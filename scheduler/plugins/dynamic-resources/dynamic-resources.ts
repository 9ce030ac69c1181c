import type { Plugin } from "../../framework/plugin.ts";

/** DynamicResources, as far as pods without resource claims go: there is nothing of theirs to give back (dynamicresources). */
export const dynamicResources: Plugin = {
  name: "DynamicResources",
  interests: [],
  postFilter: () => ({ type: "none", message: "no new claims to deallocate" }),
};
