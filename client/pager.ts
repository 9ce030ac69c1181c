import { isExpired } from "../apimachinery/errors/api-error.ts";
import type { List, ListOptions } from "./options.ts";

export interface PagerOptions extends Omit<ListOptions, "continue" | "limit"> {
  /** Items a page. Default 500. */
  readonly pageSize?: number;
}

/** A list in pages, which together are one snapshot. Throws Expired where the server has forgotten it before the last page. */
export async function* listPages<T>(
  list: (options: ListOptions) => Promise<List<T>>,
  { pageSize = 500, ...options }: PagerOptions = {},
): AsyncGenerator<List<T>, void, undefined> {
  const limit = pageSize > 0 ? { limit: pageSize } : {};
  let page = await list({ ...options, ...limit });
  yield page;
  const { resourceVersion: _, resourceVersionMatch: __, ...rest } = options;
  while (page.metadata.continue) {
    // The token already says which snapshot is meant.
    page = await list({ ...rest, ...limit, continue: page.metadata.continue });
    yield page;
  }
}

/**
 * The whole list, read in pages. Where the server forgets the snapshot on the way, it is asked once for everything, so the
 * outcome is always one snapshot (client-go tools/pager, FullListIfExpired).
 */
export async function listWhole<T>(
  list: (options: ListOptions) => Promise<List<T>>,
  options: PagerOptions = {},
): Promise<List<T>> {
  const items: T[] = [];
  let metadata: List<T>["metadata"] = {};
  try {
    for await (const page of listPages(list, options)) {
      for (const item of page.items) items.push(item);
      metadata = page.metadata;
    }
    return { metadata, items };
  } catch (error) {
    if (items.length === 0 || !isExpired(error)) throw error;
    const { pageSize: _, ...all } = options;
    return list(all);
  }
}
